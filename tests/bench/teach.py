"""New classes from five crops of each, on real crops of coco128 and a frozen ImageNet MobileNet.

Examples come from the train half, answers are scored on the val half; every setting was chosen on the train half. In
each draw 3 or 5 of the classes with at least 10 crops (5 in the train half and 3 in the val half at least) are taught,
with 5 crops of each. The other classes are divided in two: train crops of the one part are the other things that come
by, val crops of the other part are what must stay unknown: nothing of their classes has ever been seen.

`accuracy` is called by the right name, were none unknown, each class counting alike; `imprinting` and
`softmax_regression` are the recipes of the Coral accelerator, the latter on embeddings as they are, and scaled to one
length; `gain` is over the best of the three, draw by draw, with its standard error. `recognised` is called by the right
name where the answer may be unknown, `misnamed` by another one, `false_accepts` the share of unknown crops that are
called by any name, `false_accepts_set` what was asked for, `auroc` how well the likeness tells known from unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tests.paths
from edge.contracts.types import F32, F64, I64, Mask
from edge.teaching.examples import Examples
from edge.teaching.fitting import unit
from edge.teaching.knowledge import know
from edge.teaching.settings import TeachingSettings
from tests.bench.report import parser, show
from tests.bench.teach_heads import imprinting, softmax_regression, softmax_regression_scaled
from tests.rigs.coco_crops import Crops, coco_crops

LEAST, LEAST_VAL, EXAMPLES, WAYS = 10, 3, 5, (3, 5)
Head = Callable[[F32, I64, int, F32], F64]
RECIPES: Mapping[str, Head] = {
    "imprinting": imprinting,
    "softmax_regression": softmax_regression,
    "softmax_regression_scaled": softmax_regression_scaled,
}


@dataclass(frozen=True, eq=False, slots=True)
class Draw:
    """One lesson and its examination."""

    vector: F32  # (N, D) examples
    label: I64  # (N,)
    asked: F32  # (A, D) val crops of the same classes
    true: I64  # (A,)
    others: F32  # (M, D) what comes by
    unknown: F32  # (U, D) val crops of classes never seen


def main(argv: list[str]) -> None:
    """Print accuracies and what stays unknown."""
    options = parser("teach", __doc__ or "")
    options.add_argument("--draws", type=int, default=20, help="of classes and examples (%(default)s)")
    options.add_argument("--seed", type=int, default=0, help="of the draws (%(default)s)")
    chosen = options.parse_args(argv)
    tests.paths.DATA = Path(chosen.data)
    train, val = coco_crops("train2017"), coco_crops("val2017")
    rows = [summary(ways, train, val, chosen.draws, chosen.seed) for ways in WAYS]
    header = ["figure", *(f"{ways} ways" for ways in WAYS)]
    show(
        "Taught by five crops of each", header, [[key, *(row[key] for row in rows)] for key in rows[0]], {"rows": rows}
    )


def summary(ways: int, train: Crops, val: Crops, draws: int, seed: int) -> dict[str, object]:
    """The figures of so many classes at a time."""
    random = np.random.default_rng([seed, ways])
    found = [measured(draw(random, ways, train, val)) for _ in range(draws)]
    values = {key: np.array([one[key] for one in found]) for key in found[0]}
    best = max(RECIPES, key=lambda one: float(values[one].mean()))
    gain = values["accuracy"] - values[best]
    mean = {key: round(float(each.mean()), 4) for key, each in values.items()}
    return {
        "ways": ways,
        "examples": EXAMPLES,
        "draws": draws,
        "classes": len(eligible(train, val)),
        **mean,
        **{f"{key}_sd": round(float(values[key].std()), 4) for key in ("accuracy", *RECIPES)},
        "best_recipe": best,
        "gain": round(float(gain.mean()), 4),
        "gain_se": round(float(gain.std(ddof=1) / np.sqrt(draws)), 4) if draws > 1 else 0.0,
        "false_accepts_set": TeachingSettings().false_accepts,
    }


def eligible(train: Crops, val: Crops) -> list[int]:
    """The classes with crops enough."""
    both = np.concatenate([train.label, val.label])
    return [
        int(one)
        for one in np.unique(both)
        if (both == one).sum() >= LEAST
        and (train.label == one).sum() >= EXAMPLES
        and (val.label == one).sum() >= LEAST_VAL
    ]


def draw(random: np.random.Generator, ways: int, train: Crops, val: Crops) -> Draw:
    """Classes and examples at random."""
    taught = random.choice(eligible(train, val), ways, replace=False)
    rows = np.concatenate(
        [random.permutation(np.flatnonzero(train.label == one))[:EXAMPLES] for one in taught.tolist()]
    )
    asked = np.flatnonzero(np.isin(val.label, taught))
    place = {int(one): number for number, one in enumerate(taught)}
    rest = random.permutation(np.setdiff1d(np.concatenate([train.label, val.label]), taught))
    others = random.permutation(np.flatnonzero(np.isin(train.label, rest[::2])))[: TeachingSettings().others]
    return Draw(
        vector=train.vector[rows],
        label=np.repeat(np.arange(ways), EXAMPLES),
        asked=val.vector[asked],
        true=np.array([place[one] for one in val.label[asked].tolist()], np.int64),
        others=train.vector[others],
        unknown=val.vector[np.isin(val.label, rest[1::2])],
    )


def measured(one: Draw) -> dict[str, float]:
    """The figures of a draw."""
    ways = int(one.label.max()) + 1
    settings = TeachingSettings()
    names = tuple(str(number) for number in range(ways))
    examples = Examples(names, length_1(one.vector), one.label, tuple(map(str, range(len(one.label)))))
    known = know(examples, length_1(one.others), settings.false_accepts, fine=settings.fine_tune)
    asked, unknown = (unit(length_1(each) * known.scale) @ known.weight.T for each in (one.asked, one.unknown))
    right, sure = asked.argmax(axis=1) == one.true, asked.max(axis=1) >= known.report.limit
    recipes = {
        key: alike(head(one.vector, one.label, ways, one.asked).argmax(axis=1) == one.true, one.true)
        for key, head in RECIPES.items()
    }
    return {
        "accuracy": alike(right, one.true),
        **recipes,
        "tuned": float(known.report.tuned),
        "recognised": alike(right & sure, one.true),
        "misnamed": alike(~right & sure, one.true),
        "false_accepts": float((unknown.max(axis=1) >= known.report.limit).mean()),
        "auroc": above(asked.max(axis=1), unknown.max(axis=1)),
    }


def length_1(vectors: F32) -> F32:
    """As the daemon's embedder gives them."""
    return unit(vectors.astype(np.float64)).astype(np.float32)


def alike(good: Mask, true: I64) -> float:
    """The mean over classes of the share that is good."""
    return float(np.mean([good[true == one].mean() for one in np.unique(true)]))


def above(known: F64, unknown: F64) -> float:
    """How often a known one has more than an unknown one."""
    return float((known[:, None] > unknown[None]).mean() + (known[:, None] == unknown[None]).mean() / 2)
