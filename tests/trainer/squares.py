"""Rendered squares: labelled pictures that a tiny detector learns in seconds."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

PX = 64
MOST = 2


class Squares(NamedTuple):
    """A batch as detectors learn from it."""

    pictures: np.ndarray  # (B, PX, PX, 3) -1..1
    box: np.ndarray  # (B, MOST, 4)
    label: np.ndarray  # (B, MOST): 0 bright, 1 dark


def squares(seed: int, count: int) -> Squares:
    random = np.random.default_rng([seed, count])
    pictures = random.normal(0, 0.1, (count, PX, PX, 3)).astype(np.float32)
    boxes, labels = np.zeros((count, MOST, 4), np.float32), np.zeros((count, MOST), np.int64)
    for picture, box, label in zip(pictures, boxes, labels, strict=True):
        for row in range(MOST):
            width, height = random.integers(10, 30, 2)
            left, top = random.integers(0, PX - width), random.integers(0, PX - height)
            label[row] = random.integers(0, 2)
            picture[top : top + height, left : left + width] = (0.8, -0.8)[label[row]]
            box[row] = np.array([left, top, left + width, top + height]) / PX
            if random.random() < 0.5:
                break
    return Squares(pictures.clip(-1, 1), boxes, labels)


class SquareBatches:
    """What each step learns from follows from its number."""

    def __init__(self, count: int = 8, seed: int = 1) -> None:
        self._count, self._seed = count, seed

    def since(self, step: int) -> Iterator[Any]:
        while True:
            yield tuple(tf.constant(one) for one in squares(self._seed * 100_000 + step, self._count))
            step += 1
