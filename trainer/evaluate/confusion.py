"""What was taken for what: each picture's objects and detections paired, whatever their labels.

Pairs need an IoU of at least 0.5. A pair of the same label goes before any other, then the better overlap: a
duplicate of another label must not steal an object that was found right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import iou
from edge.contracts.types import F64, I64, Detections
from trainer.data.dataset import Dataset, Picture

LEAST_IOU = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One picture after the cut: what was found (detections that reach their threshold) and what it was."""

    found: Detections  # (N, )
    truth: I64  # (N,) row of the object that each detection stands for, -1 for background
    missed: I64  # (M,) rows of the objects that nothing stands for


def outcome(picture: Picture, found: Detections, cut: F64) -> Outcome:
    """Pair one picture's objects with the detections that reach the threshold of their label, `cut` (C,)."""
    kept = found[found.score >= cut[found.label]]
    overlap = iou(kept.box, picture.box)
    rows, columns = np.nonzero(overlap >= LEAST_IOU)
    same = kept.label[rows] == picture.label[columns]
    truth = np.full(len(kept), -1, np.int64)
    free = np.ones(len(picture.label), bool)
    for pair in np.lexsort((-overlap[rows, columns], ~same)).tolist():
        row, column = rows[pair], columns[pair]
        if truth[row] < 0 and free[column]:
            truth[row], free[column] = column, False
    return Outcome(kept, truth, np.flatnonzero(free))


def confusion(dataset: Dataset, outcomes: Sequence[Outcome]) -> I64:
    """Counts (C + 1, C + 1): rows what it is, columns what it was taken for; the last of each is background."""
    background = len(dataset.labels)
    table = np.zeros((background + 1, background + 1), np.int64)
    for picture, one in zip(dataset.pictures, outcomes, strict=True):
        is_what = np.append(picture.label, background)[one.truth]  # -1 takes the last
        np.add.at(table, (is_what, one.found.label), 1)
        table[:, background] += np.bincount(picture.label[one.missed], minlength=background + 1)
    return table


def wrongness(picture: Picture, one: Outcome) -> float:
    """How bad a picture's mistakes are: scores of wrong detections, and half a point for every missed object."""
    is_what = np.append(picture.label, -1)[one.truth]
    return float(one.found.score[is_what != one.found.label].sum()) + 0.5 * len(one.missed)
