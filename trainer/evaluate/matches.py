"""Which detections found what: one table per class, matched once and re-used by every figure that needs it.

Letters in shapes: D detections of a class over all pictures, P pictures, C classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def average_precision(matches: ClassMatches, weight: F64 | None = None) -> float:
    """COCO's AP of a class at the IoU of the matches: precision made falling, sampled at 101 recalls.

    Args:
        matches: the matched detections.
        weight: (P,) how often each picture counts; every picture once where None.

    Returns:
        0..1; NaN where the (weighted) pictures hold no object of the class.
    """
    counted = np.ones(len(matches.truths)) if weight is None else weight
    boxes = float(matches.truths @ counted)
    if boxes <= 0:
        return float("nan")
    each = counted[matches.picture]
    right = np.cumsum(each * matches.right)
    seen = np.cumsum(each)
    precision = right / np.maximum(seen, np.spacing(1.0))
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(_sampled(right / boxes, falling).mean())


def mean_ap(matches: tuple[ClassMatches, ...], weight: F64 | None = None) -> float:
    """Mean over the classes that have objects; NaN where none has."""
    values = np.array([average_precision(one, weight) for one in matches])
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _sampled(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """Precision (101,) at the first detection that reaches each recall; 0 where none does."""
    rows = np.searchsorted(recall, RECALLS, side="left")
    return np.append(precision, 0.0)[np.minimum(rows, len(precision))]
