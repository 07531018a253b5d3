"""Labels held against real truth: right, wrong and missing boxes of MOT17's pedestrians.

Pedestrians of which less than a quarter is seen, and what the benchmark itself does not score (people who sit, in
reflections, on vehicles), may be labelled and need not be.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.contracts.boxes import iou
from edge.contracts.types import F32, F64, Detections, Mask
from tests.bench.mot import Sequence
from trainer.adapt.cleaning import clean
from trainer.adapt.looks import Look
from trainer.adapt.settings import CleaningSettings

PEDESTRIAN, SEEN = 1, 0.25
ON_AREA = 0.4  # IoU of a missed object with an unsure area: a student is not punished for finding it
MATCHED = 10.0  # worth of an object that is needed, over the IoU of a pair: those come first


@dataclass(frozen=True, slots=True)
class Count:
    """Sums over frames."""

    right: float = 0.0
    wrong: float = 0.0
    missed: float = 0.0
    ignored: float = 0.0  # of the missed, those on unsure areas
    overlap: float = 0.0  # IoU, summed over the right ones

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, name) + getattr(other, name) for name in Count.__slots__))

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    @property
    def punished(self) -> float:
        """Share of the objects that are neither labelled nor ignored: taught as background."""
        return (self.missed - self.ignored) / max(self.right + self.missed, 1)

    @property
    def iou(self) -> float:
        return self.overlap / max(self.right, 1)


def of_scores(sequence: Sequence, least: float, unsure: float) -> Count:
    """Detections as labels from a score on, and ignored from a lower one on: what is done without tracks."""
    return _sum(
        sequence,
        [
            (one.box[one.score >= least], one.box[(one.score >= unsure) & (one.score < least)])
            for one in sequence.detections
        ],
    )


def of_tracks(sequence: Sequence, settings: CleaningSettings) -> Count:
    """Cleaned labels."""
    looks = [Look(n / sequence.fps, found) for n, found in enumerate(sequence.detections)]
    return _sum(sequence, [(one.box, one.unsure) for one in clean(looks, sequence.aspect, settings)])


def wavering(found: Detections, spread: float, seed: int) -> Detections:
    """The same from a teacher whose scores waver from frame to frame: noise of a standard deviation on the logit."""
    score = np.clip(found.score, 0.01, 0.99).astype(np.float64)
    logit = np.log(score / (1 - score)) + np.random.default_rng(seed).normal(0, spread, len(score))
    return Detections(found.box, (1 / (1 + np.exp(-logit))).astype(np.float32), found.label)


def _sum(sequence: Sequence, labels: list[tuple[F32, F32]]) -> Count:
    total = Count()
    size = np.array([sequence.width, sequence.height] * 2)
    for rows, (box, unsure) in zip(sequence.truth, labels, strict=True):
        true: F32 = (np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1) / size).astype(np.float32)
        needed: Mask = (rows[:, 7] == PEDESTRIAN) & (rows[:, 6] == 1) & (rows[:, 8] >= SEEN)
        total += _count(true, needed, box, unsure)
    return total


def _count(true: F32, needed: Mask, box: F32, unsure: F32) -> Count:
    overlap = iou(true, box)
    worth: F64 = np.where(overlap >= 0.5, overlap + MATCHED * needed[:, None], 0.0)
    row, column = linear_sum_assignment(-worth)
    on = overlap[row, column] >= 0.5
    row, column = row[on], column[on]
    right = needed[row]
    missing = needed.copy()
    missing[row] = False
    ignored = (iou(true[missing], unsure).max(axis=1, initial=0) >= ON_AREA).sum()
    sums = (right.sum(), len(box) - len(row), missing.sum(), ignored, overlap[row, column][right].sum())
    return Count(*map(float, sums))
