"""What a data set holds, counted: classes, sizes and shapes of boxes, pictures without any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import size
from edge.contracts.types import F32, F64
from trainer.data.dataset import Dataset, Picture
from trainer.data.suspicions import counted

QUANTILES = (0, 10, 50, 90, 100)  # percent
SMALL_PX, LARGE_PX = 32, 96  # COCO's buckets, by the root of the area


@dataclass(frozen=True, slots=True)
class Counts:
    """One split in numbers."""

    pictures: int
    without_boxes: int
    boxes: int
    small: int  # boxes below 32 x 32 pixels of their picture
    medium: int
    large: int  # above 96 x 96
    classes: tuple[int, ...]  # boxes of each label


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Where a measure of all boxes or pictures lies."""

    name: str
    quantiles: F64  # at `QUANTILES`; NaN of nothing


def count(dataset: Dataset) -> Counts:
    """One split in numbers."""
    side = np.sqrt(np.prod(_pixels(dataset.pictures), axis=1))
    small, large = int((side < SMALL_PX).sum()), int((side > LARGE_PX).sum())
    classes = tuple(counted(dataset).tolist())
    empty = sum(not len(picture.label) for picture in dataset.pictures)
    return Counts(len(dataset), empty, len(side), small, len(side) - small - large, large, classes)


def spreads(splits: Mapping[str, Dataset]) -> list[Spread]:
    """How large pictures and boxes are, and of what shape, over all splits."""
    pictures = [picture for part in splits.values() for picture in part.pictures]
    pixels, shown = _pixels(pictures), np.array([one.size for one in pictures], np.float32).reshape(-1, 2)
    fractions = np.concatenate([np.zeros((0, 2), np.float32), *(size(one.box) for one in pictures)])
    measures = {
        "picture width, pixels": shown[:, 0],
        "picture height, pixels": shown[:, 1],
        "boxes in a picture": np.array([len(one.label) for one in pictures], np.float32),
        "box width, pixels": pixels[:, 0],
        "box height, pixels": pixels[:, 1],
        "box width / height": pixels[:, 0] / pixels[:, 1],
        "box side / picture side": np.sqrt(np.prod(fractions, axis=1)),
    }
    return [Spread(name, _quantiles(values)) for name, values in measures.items()]


def _pixels(pictures: Sequence[Picture]) -> F32:
    """Widths and heights (N, 2) of all boxes."""
    none = np.zeros((0, 2), np.float32)
    return np.concatenate([none, *(size(one.box) * np.array(one.size, np.float32) for one in pictures)])


def _quantiles(values: F32) -> F64:
    return np.percentile(values, QUANTILES).astype(np.float64) if len(values) else np.full(len(QUANTILES), np.nan)
