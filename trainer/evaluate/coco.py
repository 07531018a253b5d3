"""COCO's mean average precision, counted by `pycocotools` behind one typed door.

Objects are measured in pixels of their picture: small below 32 x 32, large above 96 x 96, by the area of the box.
`pycocotools` prints while it works and keeps its figures in untyped tables; neither leaves this file.
"""

import io
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from edge.contracts.types import F32, F64, Detections
from trainer.data.dataset import Dataset, Picture
from trainer.evaluate.matches import ClassMatches

NOISE_DIGITS = 3  # of pixels: finer is the noise of float32 fractions, and would decide IoUs that stand on a threshold
IOUS = tuple(percent / 100 for percent in range(50, 100, 5))  # the thresholds of COCO's mean average precision
AT_50 = 0  # row of them
ALL_SIZES = 0  # row of its area ranges: all, small, medium, large


@dataclass(frozen=True, slots=True)
class CocoScores:
    """COCO's twelve figures, 0..1; -1 where there is nothing to measure (no object of that size)."""

    ap: float  # mean over IoU .50:.05:.95
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar_1: float  # recall with at most 1, 10, 100 detections per picture
    ar_10: float
    ar_100: float
    ar_small: float
    ar_medium: float
    ar_large: float


@dataclass(frozen=True, slots=True, eq=False)
class CocoResult:
    """The figures, per class too, and the matches behind them."""

    scores: CocoScores
    class_ap: F64  # (C,) NaN where a class has no objects
    class_ap50: F64  # (C,)
    at_ious: tuple[tuple[ClassMatches, ...], ...]  # at each of `IOUS`, one for each of `Dataset.labels`

    @property
    def matches(self) -> tuple[ClassMatches, ...]:
        """Those at IoU 0.5, one for each of `Dataset.labels`."""
        return self.at_ious[AT_50]


def evaluate_coco(dataset: Dataset, found: Sequence[Detections]) -> CocoResult:
    """Score detections.

    Args:
        dataset: the truth.
        found: one for each picture of it, in its order; `label` indexes `Dataset.labels`, boxes are fractions.

    Raises:
        ValueError: `found` is not one per picture, or a label of it is not of the data set.
    """
    _check(dataset, found)
    with redirect_stdout(io.StringIO()):
        counted = _count(dataset, found)
    precision = counted.eval["precision"][:, :, :, ALL_SIZES, -1]  # (10 IoU, 101 recalls, C)
    by_class = [_matches(counted, label, len(dataset)) for label in range(len(dataset.labels))]
    return CocoResult(
        CocoScores(*map(float, counted.stats)),
        _per_class(precision),
        _per_class(precision[AT_50 : AT_50 + 1]),
        tuple(tuple(each[row] for each in by_class) for row in range(len(IOUS))),
    )


def _check(dataset: Dataset, found: Sequence[Detections]) -> None:
    if len(found) != len(dataset):
        raise ValueError(f"{len(found)} results for {len(dataset)} pictures; give one Detections for each, empty too")
    top = max((int(one.label.max()) for one in found if len(one)), default=-1)
    if top >= len(dataset.labels) or any((one.label < 0).any() for one in found):
        raise ValueError(
            f"a detection has label {top} and the data set has {len(dataset.labels)} labels; "
            "bring the model's labels to those of the data set first (trainer.evaluate.relabel)"
        )


def _count(dataset: Dataset, found: Sequence[Detections]) -> Any:
    images = [{"id": index, "width": p.width, "height": p.height} for index, p in enumerate(dataset.pictures, 1)]
    categories = [{"id": index, "name": name} for index, name in enumerate(dataset.labels, 1)]
    truth, result = COCO(), COCO()
    for book, rows in ((truth, _truth_rows(dataset)), (result, _found_rows(dataset, found))):
        numbered = [{**row, "id": number, "iscrowd": 0} for number, row in enumerate(rows, 1)]
        book.dataset = {"images": images, "categories": categories, "annotations": numbered}
        book.createIndex()
    counted: Any = COCOeval(truth, result, "bbox")
    counted.evaluate()
    counted.accumulate()
    counted.summarize()
    return counted


def _truth_rows(dataset: Dataset) -> Iterable[dict[str, object]]:
    for index, picture in enumerate(dataset.pictures, 1):
        for label, place in zip(picture.label.tolist(), _placed(picture, picture.box), strict=True):
            yield {"image_id": index, "category_id": label + 1, "ignore": 0, **place}


def _found_rows(dataset: Dataset, found: Sequence[Detections]) -> Iterable[dict[str, object]]:
    for index, (picture, one) in enumerate(zip(dataset.pictures, found, strict=True), 1):
        places = _placed(picture, one.box)
        for label, score, place in zip(one.label.tolist(), one.score.tolist(), places, strict=True):
            yield {"image_id": index, "category_id": label + 1, "score": score, **place}


def _placed(picture: Picture, box: F32) -> Iterable[dict[str, object]]:
    """Boxes as COCO has them: x, y, width, height in pixels, double precision."""
    pixels = np.round(box.astype(np.float64) * (picture.size * 2), NOISE_DIGITS)
    extent = np.round(pixels[:, 2:] - pixels[:, :2], NOISE_DIGITS)
    for (x, y), (width, height) in zip(pixels[:, :2].tolist(), extent.tolist(), strict=True):
        yield {"bbox": [x, y, width, height], "area": width * height}


def _per_class(precision: F64) -> F64:
    """Mean precision (C,) of (T, R, C); COCO marks classes without objects with -1."""
    mean = precision.mean(axis=(0, 1))
    return np.where(mean < 0, np.nan, mean)


def _matches(counted: Any, label: int, pictures: int) -> list[ClassMatches]:
    """One class at each IoU, all sizes, out of COCO's table of per-picture results."""
    ranges = len(counted.params.areaRng)
    start = label * ranges * pictures
    cells = [(index, cell) for index, cell in enumerate(counted.evalImgs[start : start + pictures]) if cell]
    truths = np.zeros(pictures, np.int64)
    for index, cell in cells:
        truths[index] = len(cell["gtIds"])
    picture = np.concatenate([np.zeros(0, np.int64), *(np.full(len(c["dtIds"]), i, np.int64) for i, c in cells)])
    score = np.concatenate([np.zeros(0), *(np.asarray(c["dtScores"], np.float64) for _, c in cells)])
    right = np.concatenate([np.zeros((len(IOUS), 0), bool), *(c["dtMatches"] > 0 for _, c in cells)], axis=1)
    order = np.argsort(-score, kind="mergesort")
    return [ClassMatches(picture[order], score[order], row[order], truths) for row in right]
