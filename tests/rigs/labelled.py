"""Builders of labelled pictures and of what a detector found in them."""

from pathlib import Path

import numpy as np

from edge.contracts.types import Detections
from trainer.data.dataset import Dataset, Picture

Box = tuple[float, float, float, float]


def picture(*objects: tuple[int, Box], path: Path = Path("none.jpg"), size: tuple[int, int] = (100, 100)) -> Picture:
    """A picture of objects (label, box in fractions)."""
    box = np.array([box for _, box in objects], np.float32).reshape(-1, 4)
    return Picture(path, *size, box, np.array([label for label, _ in objects], np.int64))


def dataset(*pictures: Picture, labels: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    """Pictures of cats (0) and dogs (1)."""
    return Dataset(labels, pictures)


def found(*objects: tuple[int, float, Box]) -> Detections:
    """Detections (label, score, box)."""
    box = np.array([box for _, _, box in objects], np.float32).reshape(-1, 4)
    score = np.array([score for _, score, _ in objects], np.float32)
    return Detections(box, score, np.array([label for label, _, _ in objects], np.int64))
