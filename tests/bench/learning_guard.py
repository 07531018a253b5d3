"""Learning under attack: does what serves ever get worse than what was exported, and for how long?

A model file that learns, fitted to walkers who turn one way, lives through seven minutes in which things go wrong from
the second to the fifth, five ways and six seeds each:
 * `shuffled`: every sample that is offered has the future of another one;
 * `noise`: every future is noise;
 * `poisoned`: every third future is swept far aside, always to the same side;
 * `wall`: the camera was turned to a wall: short false tracks that tremble, in place of the walkers;
 * `changed`: everyone turns the other way, and then again as before.
In the first three the live comparisons see what really happened, as they do in service, where a forecast is held
against what is seen later; whoever controls all that is seen, live scores too, decides what is learnt. What serves and
what was exported are compared on what really happened; the loss is how much larger the mean error of what serves is,
over the newest comparisons that make one evaluation window. `worst_loss` is the largest loss that lasted longer than
one evaluation window, over all runs; `worst_window` the largest in any window.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, F64
from edge.learning.fitting import Fit, fit
from edge.learning.promotion import Terms
from edge.learning.round import errors_with
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import Standing
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.rigs.learning_model import learning_paths
from tests.rigs.strollers import samples, spoiled, trembling
from tests.rigs.trainee import WINDOW

SEEDS, EACH = 6, 40  # samples that come at a time
BEGIN_S, BEFORE_S, BAD_S, AFTER_S = 1000.0, 120.0, 180.0, 120.0
WALKERS, TURN = 6, 0.4
SETTINGS = LearningSettings(enabled=True, rate=0.02, samples=1500)
TERMS = Terms()
Spoil = Callable[[list[Sample], np.random.Generator], list[Sample]]
HEADER = ["run", "worst in a window", "worst that lasted", "served at the end", "promoted", "returned"]


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One of them."""

    name: str
    worst: float  # loss in any window
    lasting: float  # loss that lasted longer than a window
    standing: Standing


def measured(seeds: int) -> list[Run]:
    """All attacks, with so many seeds each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths.tflite"
        learning_paths(path, WINDOW, batch=32)
        bundle = read_bundle(path)
        with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
            exported = fitted(runtime)
            return [attacked(runtime, exported, name, seed) for seed in range(1, seeds + 1) for name in ATTACKS]


def rows(runs: list[Run]) -> list[list[object]]:
    """One of each attack: the worst of its seeds."""
    found: list[list[object]] = []
    for name in ATTACKS:
        some = [run for run in runs if run.name == name]
        learnt = sum(run.standing.serving != "" for run in some)
        promoted, returned = (sum(getattr(run.standing, key) for run in some) for key in ("promoted", "returned"))
        worst, lasting = max(run.worst for run in some), max(run.lasting for run in some)
        found.append([name, worst, lasting, f"{learnt} of {len(some)} learnt", promoted, returned])
    return found


def figures(runs: list[Run]) -> dict[str, object]:
    return {
        "worst_loss": max(run.lasting for run in runs),
        "worst_window": max(run.worst for run in runs),
        "runs": len(runs),
    }


def fitted(runtime: TrainableRuntime) -> F32:
    """The exported weights: those of walkers who turn a little less."""
    known = stacked(samples(WALKERS, 60.0, 0.75 * TURN, seed=99), shapes_of(runtime.bundle))
    nothing = known[np.zeros(len(known), bool)]
    start = runtime.weights().weights
    return fit(runtime, start, known, nothing, Fit(0.02, 10, 0.0), lambda: True).weights


def attacked(runtime: TrainableRuntime, exported: F32, name: str, seed: int) -> Run:
    """One run."""
    random = np.random.default_rng(seed)
    base, served = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), runtime.bundle, exported, SETTINGS, TERMS)
        for really, offered in stream(name, seed, random):
            before = errors_of(runtime, exported, really)
            base += before.tolist()
            served += (errors_of(runtime, subject.serving, really) if subject.standing.serving else before).tolist()
            subject.compare(runtime, really)
            subject.offer(offered)
            if subject.due():
                subject.learn(runtime, lambda: True)
        standing = subject.standing
        subject.close()
    loss = losses(np.array(base), np.array(served), TERMS.window)
    return Run(name, float(loss.max()), lasting(loss, TERMS.window), standing)


def stream(name: str, seed: int, random: np.random.Generator) -> Iterator[tuple[list[Sample], list[Sample]]]:
    """What really happens and what is offered, some samples at a time."""
    begin_s, world = BEGIN_S, ATTACKS[name]
    for number, seconds in enumerate((BEFORE_S, BAD_S, AFTER_S)):
        bad = number == 1
        really = world.bad(seed, begin_s, seconds) if bad else walkers(10 * seed + number, begin_s, seconds)
        for first in range(0, len(really), EACH):
            some = really[first : first + EACH]
            yield some, world.spoil(some, random) if bad else some
        begin_s += seconds


def walkers(seed: int, begin_s: float, seconds: float, turn: float = TURN) -> list[Sample]:
    return samples(WALKERS, seconds, turn, seed, begin_s)


def errors_of(runtime: TrainableRuntime, weights: F32, some: list[Sample]) -> F64:
    return errors_with(runtime, weights, stacked(some, shapes_of(runtime.bundle)))


def losses(base: F64, served: F64, window: int) -> F64:
    """Of the newest comparisons at every moment, as soon as there are enough; 0 of too few."""
    if len(base) < window:
        return np.zeros(1)
    sums = [np.convolve(one, np.ones(window), "valid") for one in (base, served)]
    return sums[1] / sums[0] - 1


def lasting(loss: F64, window: int) -> float:
    """The largest loss that was never undercut for longer than one window; 0 where there was none."""
    if len(loss) <= window:
        return 0.0
    stretches = np.lib.stride_tricks.sliding_window_view(loss, window + 1)
    return max(float(stretches.min(axis=1).max()), 0.0)


def _shuffled(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    order = random.permutation(len(some))
    return [
        replace(
            one, arrays={**one.arrays, "future": some[other].arrays["future"], "known": some[other].arrays["known"]}
        )
        for one, other in zip(some, order, strict=True)
    ]


def _noise(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    return [spoiled(one, random, 0.3) for one in some]


def _poisoned(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    aside = np.array([0.0, 2.0], np.float32)
    return [
        replace(one, arrays={**one.arrays, "future": one.arrays["future"] + aside}) if number % 3 == 0 else one
        for number, one in enumerate(some)
    ]


def _as_it_is(some: list[Sample], _: np.random.Generator) -> list[Sample]:
    return some


@dataclass(frozen=True, slots=True)
class Attack:
    """What goes wrong."""

    bad: Callable[[int, float, float], list[Sample]]  # of seed, begin and length: what really happens meanwhile
    spoil: Spoil  # what becomes of it on the way


def _same(seed: int, begin_s: float, seconds: float) -> list[Sample]:
    return walkers(10 * seed + 5, begin_s, seconds)


def _wall(seed: int, begin_s: float, seconds: float) -> list[Sample]:
    return trembling(WALKERS, seconds, seed, begin_s)


def _other_way(seed: int, begin_s: float, seconds: float) -> list[Sample]:
    return walkers(10 * seed + 5, begin_s, seconds, -TURN)


ATTACKS: Mapping[str, Attack] = {
    "shuffled": Attack(_same, _shuffled),
    "noise": Attack(_same, _noise),
    "poisoned": Attack(_same, _poisoned),
    "wall": Attack(_wall, _as_it_is),
    "changed": Attack(_other_way, _as_it_is),
}
