"""Where to cut a detector's scores, and whether its scores mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Mask
from trainer.evaluate.matches import ClassMatches, pr_curve

BINS = 10
FLOOR = 0.05  # the crowd of hopeless detections below would drown the others


@dataclass(frozen=True, slots=True)
class Cut:
    """The score threshold at which a class has its best F1, and what it gives there, all 0..1."""

    score: float  # 1.0 where no threshold finds anything right
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Scores against how often detections with such scores are right, in bins of equal width; columns (B,)."""

    score: F64  # mean score in the bin, NaN in an empty one
    right: F64  # share of right detections, NaN in an empty one
    count: I64
    error: float  # expected calibration error: mean distance of the two, weighted by count; NaN without detections


def best_cut(matches: ClassMatches) -> Cut:
    """The threshold of best F1 at the IoU of the matches; of equal ones the highest."""
    curve = pr_curve(matches)
    both = curve.precision + curve.recall
    f1 = 2 * curve.precision * curve.recall / np.maximum(both, np.spacing(1.0))
    last = np.append(curve.score[1:] != curve.score[:-1], True)[: len(f1)]  # a threshold takes all equal scores
    if not matches.boxes or not matches.right.any():
        return Cut(1.0, 0.0, 0.0, 0.0)
    row = int(np.where(last, f1, -1.0).argmax())
    return Cut(*(float(column[row]) for column in (curve.score, curve.precision, curve.recall, f1)))


def reliability(matches: Sequence[ClassMatches], bins: int = BINS) -> Reliability:
    """How well scores of at least `FLOOR` predict being right, all classes together."""
    score = np.concatenate([np.zeros(0), *(one.score for one in matches)])
    right = np.concatenate([np.zeros(0, bool), *(one.right for one in matches)])
    return reliability_of(score[score >= FLOOR], right[score >= FLOOR], bins)


def reliability_of(score: F64, right: Mask, bins: int = BINS) -> Reliability:
    """How well scores (N,) in 0..1 predict being right (N,)."""
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    full = np.where(count > 0, count, np.nan)
    mean = np.bincount(place, weights=score, minlength=bins) / full
    share = np.bincount(place, weights=right, minlength=bins) / full
    gap = float(np.nansum(np.abs(mean - share) * count) / count.sum()) if len(score) else float("nan")
    return Reliability(mean, share, count, gap)
