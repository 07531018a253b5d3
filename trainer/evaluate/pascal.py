"""Pascal VOC's average precision: a detection is right when the object it overlaps most is not taken yet.

Both ways of the challenge: every point of the curve (since 2010) and 11 points (before). Boxes are measured as VOC's
own code does it, in whole pixels whose far edge belongs to the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Detections
from trainer.data.dataset import Dataset
from trainer.evaluate.matches import ClassMatches


@dataclass(frozen=True, slots=True)
class PascalScores:
    """AP of one class, 0..1; NaN where it has no objects."""

    every_point: float
    eleven_point: float


def evaluate_pascal(dataset: Dataset, found: Sequence[Detections], label: int, least_iou: float) -> PascalScores:
    """Score one class; `found` has one entry for each picture of the data set."""
    matches = pascal_matches(dataset, found, label, least_iou)
    if matches.boxes == 0:
        return PascalScores(float("nan"), float("nan"))
    right = np.cumsum(matches.right, dtype=np.float64)
    recall = right / matches.boxes
    precision = right / np.arange(1, len(right) + 1)
    return PascalScores(_every_point(recall, precision), _eleven_point(recall, precision))


def pascal_matches(dataset: Dataset, found: Sequence[Detections], label: int, least_iou: float) -> ClassMatches:
    """Match one class, best score first over all pictures."""
    rows = [
        (-float(score), index, row)
        for index, one in enumerate(found)
        for row, score in enumerate(one.score)
        if one.label[row] == label
    ]
    rows.sort(key=lambda entry: entry[0])
    truths = [_pixels(p.box[p.label == label], p.size) for p in dataset.pictures]
    taken = [np.zeros(len(truth), bool) for truth in truths]
    right = np.zeros(len(rows), bool)
    for place, (_, index, row) in enumerate(rows):
        overlap = _overlap(_pixels(found[index].box[row : row + 1], dataset.pictures[index].size)[0], truths[index])
        best = int(overlap.argmax()) if len(overlap) else -1
        if best >= 0 and overlap[best] >= least_iou and not taken[index][best]:
            taken[index][best] = right[place] = True
    picture: I64 = np.array([index for _, index, _ in rows], np.int64)
    return ClassMatches(
        picture, np.array([-score for score, _, _ in rows]), right, np.array([len(t) for t in truths], np.int64)
    )


def _pixels(box: np.ndarray[tuple[int, ...], np.dtype[np.float32]], size: tuple[int, int]) -> F64:
    """Boxes (N, 4) in pixels, doubles; rid of the noise that float32 fractions leave on whole numbers."""
    return np.round(box.astype(np.float64) * (size * 2), 3)


def _overlap(box: F64, truth: F64) -> F64:
    """IoU (G,) of one box (4,) with boxes (G, 4), the last pixel counted."""
    extent = np.minimum(box[2:], truth[:, 2:]) - np.maximum(box[:2], truth[:, :2]) + 1
    inter = np.prod(np.maximum(extent, 0), axis=1)
    area = np.prod(box[2:] - box[:2] + 1) + np.prod(truth[:, 2:] - truth[:, :2] + 1, axis=1)
    return np.asarray(inter / (area - inter))


def _every_point(recall: F64, precision: F64) -> float:
    edges = np.concatenate([[0.0], recall])
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(edges) * falling))


def _eleven_point(recall: F64, precision: F64) -> float:
    return float(np.mean([precision[recall >= level].max(initial=0.0) for level in np.linspace(0, 1, 11)]))
