"""Which detections found what: one table per class, matched once and re-used by every figure that needs it.

Letters in shapes: D detections of a class over all pictures, P pictures, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Mask

RECALLS = np.linspace(0.0, 1.0, 101)  # where COCO samples precision


@dataclass(frozen=True, slots=True, eq=False)
class ClassMatches:
    """The detections of one class, best score first (equal scores in the order of the pictures)."""

    picture: I64  # (D,) index into `Dataset.pictures`
    score: F64  # (D,)
    right: Mask  # (D,) it found an object that no better detection had found
    truths: I64  # (P,) objects of the class in each picture

    @property
    def boxes(self) -> int:
        """Objects of the class over all pictures."""
        return int(self.truths.sum())


@dataclass(frozen=True, slots=True, eq=False)
class PrCurve:
    """Precision and recall as the score threshold falls; all columns (D,)."""

    score: F64
    precision: F64  # as it is, not smoothed
    recall: F64


def pr_curve(matches: ClassMatches) -> PrCurve:
    """The precision-recall curve of a class; recall is 0 throughout where it has no objects."""
    right = np.cumsum(matches.right, dtype=np.float64)
    ranks = np.arange(1, len(matches.right) + 1, dtype=np.float64)
    return PrCurve(matches.score, right / ranks, right / max(matches.boxes, 1))


def average_precisions(matches: ClassMatches, weight: F64) -> F64:
    """COCO's AP of a class at the IoU of the matches: precision made falling, sampled at 101 recalls.

    Args:
        matches: the matched detections.
        weight: (R, P) how often each picture counts, for R ways of counting them.

    Returns:
        (R,) 0..1; NaN where the weighted pictures hold no object of the class.
    """
    boxes = weight @ matches.truths
    each = weight[:, matches.picture]
    seen = np.cumsum(each, axis=1)[:, matches.right]  # the curve turns at right detections only
    right = np.cumsum(each[:, matches.right], axis=1)
    precision = right / np.maximum(seen, np.spacing(1.0))
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    reached = np.searchsorted(RECALLS, right / np.maximum(boxes, 1)[:, None], side="right")
    total = np.sum(falling * np.diff(reached, axis=1, prepend=0), axis=1)
    return np.where(boxes > 0, total / len(RECALLS), np.nan)


def mean_ap(matches: Sequence[ClassMatches], weight: F64) -> F64:
    """Mean AP (R,) over the classes that have objects among the weighted pictures (R, P); NaN where none has."""
    total, classes = np.zeros(len(weight)), np.zeros(len(weight))
    for one in matches:
        if one.boxes:
            values = average_precisions(one, weight)
            total += np.nan_to_num(values)
            classes += np.isfinite(values)
    return np.where(classes > 0, total / np.maximum(classes, 1), np.nan)


def once_each(pictures: int) -> F64:
    """The weight (1, P) that counts every picture once."""
    return np.ones((1, pictures))
