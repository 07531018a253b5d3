"""What is known after a lesson: the weights of every name, from when on they are sure, and what they are worth."""

from dataclasses import dataclass

import numpy as np

from edge.contracts.taught import TaughtReport
from edge.contracts.types import F32, F64, SubLabel
from edge.teaching.examples import Examples
from edge.teaching.fitting import imprinted, scale, softmax, tuned, unit
from edge.teaching.judging import Trial, confusion, leave_out
from edge.teaching.rejecting import limit


@dataclass(frozen=True, eq=False, slots=True)
class Knowledge:
    """Names things. `weight` and `scale` are as `fitting` has them."""

    report: TaughtReport
    scale: F64  # (D,)
    weight: F64  # (K, D)
    sharpness: float
    fine: bool  # tuned weights were tried

    def look(self, vectors: F32) -> SubLabel | None:
        """What the thing of these looks (S, D) is called; None where it is nothing that was taught, or who knows.

        Its score is the probability beside all other names and beside being unknown.
        """
        names, least = self.report.names, self.report.limit
        if not names or not len(vectors) or vectors.shape[1:] != self.scale.shape:
            return None
        cosine = (unit(vectors * self.scale) @ self.weight.T).mean(axis=0)
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


def _report(examples: Examples, trial: Trial, others: F64, least: float, tuned_ones: bool) -> TaughtReport:
    label, names = examples.label, len(examples.names)
    best = trial.cosine.argmax(axis=1) if names else label
    sure = trial.cosine.max(axis=1, initial=-1.0) >= least
    answer = np.where(trial.asked, np.where(sure, best, names), -1)
    asked = bool(trial.asked.any())
    recognised = [
        float((answer == label)[trial.asked & (label == one)].mean()) for one in np.unique(label[trial.asked])
    ]
    passed = others.max(axis=1, initial=-1.0) >= least
    return TaughtReport(
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
