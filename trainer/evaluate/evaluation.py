"""Everything that is known of a detector after it ran over labelled pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import I64, Detections
from trainer.data.dataset import Dataset
from trainer.evaluate.coco import CocoResult, evaluate_coco
from trainer.evaluate.confusion import Outcome, confusion, outcome
from trainer.evaluate.thresholds import Cut, Reliability, best_cut, reliability

SIZES = (("small", 0.0, 32.0**2), ("medium", 32.0**2, 96.0**2), ("large", 96.0**2, float("inf")))  # pixels², COCO's


@dataclass(frozen=True, slots=True)
class SizeRow:
    """One bucket of object sizes; AP and recall are 0..1, -1 where there are none such."""

    name: str
    boxes: int
    ap: float
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The figures of one model on one data set; columns by `dataset.labels`."""

    dataset: Dataset
    coco: CocoResult
    cuts: tuple[Cut, ...]  # (C,)
    outcomes: tuple[Outcome, ...]  # (P,) at those thresholds
    confusion: I64  # (C + 1, C + 1)
    reliability: Reliability
    sizes: tuple[SizeRow, ...]

    @property
    def boxes(self) -> int:
        """Objects in the data set."""
        return sum(len(picture.label) for picture in self.dataset.pictures)


def evaluate(dataset: Dataset, found: Sequence[Detections]) -> Evaluation:
    """Score detections, one for each picture of the data set; see `evaluate_coco`."""
    coco = evaluate_coco(dataset, found)
    cuts = tuple(best_cut(one) for one in coco.matches)
    cut = np.array([one.score for one in cuts], np.float64)
    outcomes = tuple(outcome(p, one, cut) for p, one in zip(dataset.pictures, found, strict=True))
    return Evaluation(
        dataset, coco, cuts, outcomes, confusion(dataset, outcomes), reliability(coco.matches), _sizes(dataset, coco)
    )


def _sizes(dataset: Dataset, coco: CocoResult) -> tuple[SizeRow, ...]:
    extents = [(p.box[:, 2:] - p.box[:, :2]).astype(np.float64) * p.size for p in dataset.pictures]
    area = np.concatenate([np.zeros(0), *(extent.prod(axis=1) for extent in extents)])
    scores = coco.scores
    figures = (
        (scores.ap_small, scores.ar_small),
        (scores.ap_medium, scores.ar_medium),
        (scores.ap_large, scores.ar_large),
    )
    return tuple(
        SizeRow(name, int(((area >= low) & (area < high)).sum()), ap, recall)
        for (name, low, high), (ap, recall) in zip(SIZES, figures, strict=True)
    )
