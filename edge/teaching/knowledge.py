"""What is known after a lesson: the weights of every name, from when on they are sure, and what they are worth."""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, F64, SubLabel
from edge.teaching.examples import Examples
from edge.teaching.fitting import imprinted, scale, softmax, tuned, unit
from edge.teaching.judging import Trial, confusion, leave_out
from edge.teaching.rejecting import limit


@dataclass(frozen=True, slots=True)
class Report:
    """What leaving examples out says. Shares are 0..1, None where nothing could be left out."""

    names: tuple[str, ...]
    examples: tuple[int, ...]  # of each name
    confusion: tuple[tuple[int, ...], ...]  # row: the name, column: what it was taken for, the last: unknown
    accuracy: float | None  # called by their name, were every look a taught thing; each name counts alike
    recognised: float | None  # called by their name although they might be unknown
    tuned: bool
    limit: float  # least cosine of what is sure
    others: int  # looks at other things that the limit was set with
    false_accepts: float  # share of them that it lets pass


@dataclass(frozen=True, eq=False, slots=True)
class Knowledge:
    """Names looks. `weight` and `scale` are as `fitting` has them."""

    report: Report
    scale: F64  # (D,)
    weight: F64  # (K, D)
    sharpness: float
    fine: bool  # tuned weights were tried

    def look(self, vector: F32) -> SubLabel | None:
        """What a look (D,) is called, with the probability that it is not another one of the names or unknown.

        None: it is nothing that was taught, as far as can be said.
        """
        names, least = self.report.names, self.report.limit
        if not names or vector.shape != self.scale.shape:
            return None
        cosine = self.weight @ unit(vector * self.scale)
        best = int(cosine.argmax())
        if not cosine[best] >= least:
            return None
        return SubLabel(names[best], float(softmax(self.sharpness * np.append(cosine, least))[best]))


def know(examples: Examples, others: F32, false_accepts: float, *, fine: bool) -> Knowledge:
    """Learn from all examples, and judge it by leaving some out.

    Args:
        examples: what was taught.
        others: (M, D) looks at other things.
        false_accepts: share of other things that may be called by a name.
        fine: tune the weights, and take the tuned ones unless those that are imprinted prove better. Takes longer.
    """
    factors = scale(others)
    vectors, away = unit(examples.vector * factors), unit(others * factors)
    fit, trial = imprinted, leave_out(examples, vectors, imprinted)
    if fine and len(examples.names) > 1:
        finer = leave_out(examples, vectors, tuned)
        if _worth(finer, examples) >= _worth(trial, examples):
            fit, trial = tuned, finer
    weight = fit(vectors, examples.label, len(examples.names))
    cosines = away @ weight.T
    least = limit(trial, examples.label, cosines, false_accepts)
    report = _report(examples, trial, cosines, least, fit is tuned)
    return Knowledge(report, factors, weight, trial.sharpness(examples.label), fine)


def _worth(trial: Trial, examples: Examples) -> tuple[float, float]:
    label = examples.label
    return trial.share_right(label), -trial.loss(label, trial.sharpness(label))


def _report(examples: Examples, trial: Trial, others: F64, least: float, tuned_ones: bool) -> Report:
    label, names = examples.label, len(examples.names)
    best = trial.cosine.argmax(axis=1) if names else label
    sure = trial.cosine.max(axis=1, initial=-1.0) >= least
    answer = np.where(trial.asked, np.where(sure, best, names), -1)
    asked = bool(trial.asked.any())
    recognised = [
        float((answer == label)[trial.asked & (label == one)].mean()) for one in np.unique(label[trial.asked])
    ]
    passed = others.max(axis=1, initial=-1.0) >= least
    return Report(
        names=examples.names,
        examples=examples.counts(),
        confusion=confusion(examples, answer),
        accuracy=trial.share_right(label) if asked else None,
        recognised=float(np.mean(recognised)) if asked else None,
        tuned=tuned_ones,
        limit=least,
        others=len(others),
        false_accepts=float(passed.mean()) if len(passed) else 0.0,
    )
