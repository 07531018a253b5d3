"""Training data for the classifier: batches made on all cores while the network learns from the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from edge.contracts.preprocess import PADDING
from edge.contracts.types import U8
from trainer.data.augment import Augmentation, Sample, augmented
from trainer.data.dataset import Dataset
from trainer.data.order import Order
from trainer.data.pixels import Pixels

AHEAD = 4  # batches that are made before they are asked for
ERASED = (0.02, 0.2)  # share of the picture that is blotted out (Zhong et al., Random Erasing, 2017)


@dataclass(frozen=True, slots=True)
class Plan:
    """How batches are made."""

    size: int  # side of the network's picture
    batch: int  # pictures in a batch
    change: Augmentation  # without mosaics
    erased: float  # share of the pictures from which a rectangle is blotted out
    seed: int


class ClassifierBatches:
    """Batches of (pictures uint8 (B, S, S, 3) RGB, labels (B,)).

    Which batch a step sees follows from the seed and the step alone.

    Args:
        dataset: samples of one label each that can be read.
        pixels: where their pixels come from.
        plan: how batches are made of them.
    """

    def __init__(self, dataset: Dataset, pixels: Pixels, plan: Plan) -> None:
        self._dataset, self._pixels, self._plan = dataset, pixels, plan
        self._order = Order(dataset, plan.seed)

    def since(self, step: int) -> Iterator[tuple[Any, ...]]:
        """The batches of this step and all later ones."""
        numbers = tf.data.Dataset.range(step * self._plan.batch, np.iinfo(np.int64).max)
        made = numbers.map(self._tensors, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return iter(made.batch(self._plan.batch, drop_remainder=True).prefetch(AHEAD))

    def sample(self, number: int) -> tuple[U8, np.int64]:
        """The training picture (S, S, 3) of a number, changed as it will be, and its label."""
        random = np.random.default_rng([self._plan.seed, number])
        picture = self._dataset.pictures[self._order.picture(number)]
        pixels = self._pixels.read(picture.path)
        if pixels is None:  # it could be read when training began
            pixels = np.full((1, 1, 3), PADDING, np.uint8)
        first = Sample(pixels, picture.box, picture.label)
        made = augmented(first, lambda _: first, self._plan.size, self._plan.change, random).pixels
        if random.random() < self._plan.erased:
            erase(made, random)
        return made, np.int64(picture.label[0])

    def _tensors(self, number: Any) -> tuple[Any, ...]:
        def arrays(value: Any) -> tuple[U8, np.int64]:
            return self.sample(int(value))

        pixels, label = tf.numpy_function(arrays, [number], (tf.uint8, tf.int64), stateful=False)
        pixels.set_shape((self._plan.size, self._plan.size, 3))
        label.set_shape(())
        return pixels, label


def erase(pixels: U8, random: Generator) -> None:
    """Blot a rectangle of noise into a picture (S, S, 3), in place."""
    size = len(pixels)
    area, aspect = random.uniform(*ERASED) * size * size, np.exp(random.uniform(-1, 1))
    height, width = (int(np.clip(round(side), 1, size)) for side in (np.sqrt(area * aspect), np.sqrt(area / aspect)))
    y, x = int(random.integers(size - height + 1)), int(random.integers(size - width + 1))
    pixels[y : y + height, x : x + width] = random.integers(0, 256, (height, width, 3), np.uint8)
