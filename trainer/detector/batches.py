"""Training data for the detector: batches made on all cores while the network learns from the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from edge.contracts.types import F32, I64, U8
from trainer.data.augment import Augmentation, Sample, augmented
from trainer.data.dataset import Dataset
from trainer.data.order import Order
from trainer.data.pixels import Pixels

MOST_OBJECTS = 100  # in one training picture; of more, those come first that the mosaic put first
AHEAD = 4  # batches that are made before they are asked for


@dataclass(frozen=True, slots=True)
class Plan:
    """How batches are made."""

    size: int  # side of the network's picture
    batch: int  # pictures in a batch
    change: Augmentation
    calm_from: int  # the first step without mosaics: the end of training looks like service (YOLOX, Ge et al. 2021)
    seed: int


class DetectorBatches:
    """Batches of (pictures uint8 (B, S, S, 3) RGB, boxes (B, N, 4) corner fractions, labels (B, N)).

    Rows of boxes without area are padding. Which batch a step sees follows from the seed and the step alone.

    Args:
        dataset: pictures that can be read.
        pixels: where their pixels come from.
        order: whose turn it is.
        plan: how batches are made of them.
    """

    def __init__(self, dataset: Dataset, pixels: Pixels, order: Order, plan: Plan) -> None:
        self._dataset, self._pixels, self._order, self._plan = dataset, pixels, order, plan
        most = max((len(picture.label) for picture in dataset.pictures), default=1)
        self.objects = max(1, min(MOST_OBJECTS, (4 if plan.change.mosaic > 0 else 1) * most))

    def since(self, step: int) -> Iterator[tuple[Any, ...]]:
        """The batches of this step and all later ones."""
        numbers = tf.data.Dataset.range(step * self._plan.batch, np.iinfo(np.int64).max)
        made = numbers.map(self._tensors, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return iter(made.batch(self._plan.batch, drop_remainder=True).prefetch(AHEAD))

    def sample(self, number: int) -> Sample:
        """The training sample of a number, changed as it will be."""
        random = np.random.default_rng([self._plan.seed, number])
        change = self._plan.change
        if number // self._plan.batch >= self._plan.calm_from:
            change = change.without_mosaic()
        first = self._read(self._order.picture(number))
        return augmented(first, self._draw, self._plan.size, change, random)

    def _draw(self, random: Generator) -> Sample:
        return self._read(int(random.integers(len(self._dataset))))

    def _read(self, index: int) -> Sample:
        picture = self._dataset.pictures[index]
        pixels = self._pixels.read(picture.path)
        if pixels is None:  # it could be read when training began
            return Sample(np.zeros((1, 1, 3), np.uint8), picture.box[:0], picture.label[:0])
        return Sample(pixels, picture.box, picture.label)

    def _arrays(self, number: Any) -> tuple[U8, F32, I64]:
        made = self.sample(int(number))
        count = min(len(made.label), self.objects)
        box, label = np.zeros((self.objects, 4), np.float32), np.zeros(self.objects, np.int64)
        box[:count], label[:count] = made.box[:count], made.label[:count]
        return made.pixels, box, label

    def _tensors(self, number: Any) -> tuple[Any, ...]:
        pixels, box, label = tf.numpy_function(self._arrays, [number], (tf.uint8, tf.float32, tf.int64), stateful=False)
        pixels.set_shape((self._plan.size, self._plan.size, 3))
        box.set_shape((self.objects, 4))
        label.set_shape((self.objects,))
        return pixels, box, label
