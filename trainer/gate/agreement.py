"""Does the candidate find what the reference finds, where it finds it?

It needs no labels and few boxes: of the boxes that one model is sure of, how many the other has too, with the same
label, an IoU of at least 0.5 and at least half of the score; both ways, for what only the candidate finds is as wrong.
Sure is a score that reaches the reference's threshold of best F1. Half of the score and not that threshold again,
because rounding moves scores about it and back, and because a model whose scores all collapsed must not pass.

Measured on 128 COCO pictures with a YOLOX-Nano: int8 that lost 8 and 11 points of mAP had 61 and 52 % of the float
model's boxes, mean IoU 0.83 and 0.81; one that lost 31 points had 6 %, mean IoU 0.64. On the raccoons, our own
detector's int8, dynamic and float16 files, which lost less than a point, had all 40 boxes, mean IoU 0.95, 0.99, 1.00.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import iou
from edge.contracts.types import F64, Detections
from trainer.evaluate.evaluation import Evaluation
from trainer.gate.verdict import Check, Question, failed, passed, unknown
from trainer.report.contents import Scored

LEAST_IOU = 0.5
LEAST_OF_SCORE = 0.5
LEAST_SHARE = 0.8  # refused where even the upper end of the 95 % interval is below
LEAST_MEAN_IOU = 0.75  # boxes of the pair above that lost a third of its mAP still have 0.81
FEWEST = 5  # sure boxes, to say anything
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Shared:
    """Of one model's sure boxes, those that the other has too."""

    sure: int
    shared: int
    mean_iou: float  # of those that are shared, 0 without any

    @property
    def share(self) -> float:
        """0..1, 0 without any."""
        return self.shared / self.sure if self.sure else 0.0

    @property
    def at_most(self) -> float:
        """The upper end of the share's 95 % interval (Wilson), 1 where there is nothing to go by."""
        if self.sure == 0:
            return 1.0
        n, square = self.sure, Z * Z
        middle = self.share + square / (2 * n)
        spread = Z * math.sqrt(self.share * (1 - self.share) / n + square / (4 * n * n))
        return (middle + spread) / (1 + square / n)


def shared(mine: Sequence[Detections], other: Sequence[Detections], cut: F64) -> Shared:
    """What two models share, picture by picture; `cut` (C,) is the score that makes a box of each label sure."""
    sure, overlaps = 0, []
    for ours, theirs in zip(mine, other, strict=True):
        kept = ours[ours.score >= cut[ours.label]]
        sure += len(kept)
        if len(kept) and len(theirs):
            fits = (kept.label[:, None] == theirs.label) & (theirs.score >= kept.score[:, None] * LEAST_OF_SCORE)
            best = np.where(fits, iou(kept.box, theirs.box), 0).max(axis=1)
            overlaps += best[best >= LEAST_IOU].tolist()
    return Shared(sure, len(overlaps), float(np.mean(overlaps)) if overlaps else 0.0)


def agreement(reference: Scored, candidate: Scored) -> tuple[Check, dict[str, float]]:
    """The check and its figures, over the same pictures in the same order."""
    cut = sure_cut(reference.evaluation)
    there = shared(reference.run.found, candidate.run.found, cut)
    back = shared(candidate.run.found, reference.run.found, cut)
    figures = {"shared": there.share, "shared_back": back.share, "shared_iou": there.mean_iou, "sure": there.sure}
    return _check(there, back), {name: float(value) for name, value in figures.items()}


def sure_cut(evaluation: Evaluation) -> F64:
    """The score (C,) from which a box of each label is sure; out of reach where the reference finds nothing right."""
    return np.array([cut.score if cut.f1 > 0 else np.inf for cut in evaluation.cuts], np.float64)


def _check(there: Shared, back: Shared) -> Check:
    question = Question.AGREEMENT
    said = (
        f"{there.shared} of the {there.sure} boxes that the reference is sure of are there ({there.share:.0%}, mean "
        f"IoU {there.mean_iou:.2f}); of the candidate's own {back.sure}, the reference has {back.share:.0%}"
    )
    if there.sure < FEWEST:
        return unknown(question, f"{said}; at least {FEWEST} are needed to tell: hold out more pictures")
    wrong = []
    if there.at_most < LEAST_SHARE:
        wrong.append(f"at least {LEAST_SHARE:.0%} of them must be there")
    if back.sure >= FEWEST and back.at_most < LEAST_SHARE:
        wrong.append(f"what it finds beside them is not there: {LEAST_SHARE:.0%} must agree")
    if there.shared >= FEWEST and there.mean_iou < LEAST_MEAN_IOU:
        wrong.append(f"boxes are off: a mean IoU of {LEAST_MEAN_IOU} is the least")
    if wrong:
        return failed(question, f"{said}; {'; '.join(wrong)}. Look at the layers that lose it")
    return passed(question, said)
