"""Rows of detections as a model with suppression inside gives them, compared with those that it should give.

Rows of equal scores come in any order, and of two boxes that overlap either may be the one that is left. So each row
that scores high enough needs one of the same class, about the same score, and about the same place in the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # which imports much, and the trial of a new model imports this
    from edge.contracts.types import F64

SAME_PLACE = 0.5  # intersection over union: what suppression itself takes for one object
MOST_ROWS = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows count, and how far the scores of two may lie apart."""

    score: float
    tolerance: float


def compare_rows(rows: Rows, wanted: Sequence[NDArray[Any]], found: Sequence[NDArray[Any]]) -> str:
    """How rows differ, in words; "" where they agree.

    Args:
        rows: what counts.
        wanted: boxes (1, N, 4), classes (1, N), scores (1, N), count (1,).
        found: the same.
    """
    here, there = _table(found), _table(wanted)
    if not np.isfinite(here).all():
        return "rows of detections hold what is no number"
    missing = _unmatched(there[there[:, 5] >= rows.score + rows.tolerance], here, rows.tolerance)
    extra = _unmatched(here[here[:, 5] >= rows.score + rows.tolerance], there, rows.tolerance)
    if not len(missing) and not len(extra):
        return ""
    told = [f"{len(missing)} rows are missing, as {_told(missing[0])}"] if len(missing) else []
    told += [f"{len(extra)} rows should not be there, as {_told(extra[0])}"] if len(extra) else []
    return f"{'; '.join(told)} (allowed: {rows.tolerance:.3g} of the score)"


def _table(outputs: Sequence[NDArray[Any]]) -> "F64":
    """(N, 6): box, class, score of the rows that count says are there."""
    box, label, score, number = (np.asarray(one, np.float64) for one in outputs)
    count = number.reshape(-1)[0]
    kept = int(np.clip(count, 0, min(MOST_ROWS, score.shape[1]))) if np.isfinite(count) else 0
    return np.concatenate([box[0, :kept], label[0, :kept, None], score[0, :kept, None]], axis=1)


def _unmatched(rows: "F64", others: "F64", tolerance: float) -> "F64":
    """Rows that have none like them."""
    if not len(rows) or not len(others):
        return rows
    alike = (rows[:, None, 4] == others[None, :, 4]) & (np.abs(rows[:, None, 5] - others[None, :, 5]) <= tolerance)
    result: F64 = rows[~(alike & (_overlap(rows, others) >= SAME_PLACE)).any(axis=1)]
    return result


def _overlap(rows: "F64", others: "F64") -> "F64":
    """(N, M) intersection over union; boxes without an area overlap where they are the same."""
    low = np.maximum(rows[:, None, :2], others[None, :, :2])
    high = np.minimum(rows[:, None, 2:4], others[None, :, 2:4])
    common = np.prod(np.maximum(high - low, 0), axis=2)
    area, other = (np.prod(np.maximum(each[:, 2:4] - each[:, :2], 0), axis=1) for each in (rows, others))
    union = area[:, None] + other[None] - common
    same = np.abs(rows[:, None, :4] - others[None, :, :4]).max(axis=2) < 1e-3
    result: F64 = np.where(union > 0, common / np.where(union > 0, union, 1), same)
    return result


def _told(row: "F64") -> str:
    box = ", ".join(f"{edge:.3f}" for edge in row[:4])
    return f"class {row[4]:.0f} with {row[5]:.3f} at [{box}]"
