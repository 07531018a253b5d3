"""What a Keras classifier says of pictures, before it is exported: serving's pre-processing, and the network."""

from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.preprocess import PADDING, Preprocess
from edge.contracts.types import F32, F64, I64, U8
from edge.imaging import OpenCv
from trainer.classifier.network import LOGITS
from trainer.classifier.temperature import softmax
from trainer.data.dataset import Dataset, Picture
from trainer.detector.detecting import picture_input
from trainer.evaluate.running import read_pixels

BATCH = 32
TIE = 1e-3  # how much being surer is worth against one more right answer of all


class Scorer:
    """Runs a network over samples.

    Args:
        size: side of the network's picture.
        dataset: samples of one label each; those that cannot be read count as grey.
    """

    def __init__(self, size: int, dataset: Dataset) -> None:
        self._prepare = Preprocess(picture_input(size), OpenCv())
        self._dataset = dataset
        self._model: Any = None
        self._run: Any = None
        self.truth: I64 = np.array([picture.label[0] for picture in dataset.pictures], np.int64)

    def logits(self, model: Any) -> F64:
        """(P, C) of a network as `classifier` makes it."""
        if model is not self._model:  # traced once, not at every validation
            self._model = model
            self._run = tf.function(lambda pictures: model(pictures, training=False)[LOGITS], reduce_retracing=True)
        pictures = self._dataset.pictures
        parts = [
            np.asarray(self._run(np.concatenate([*map(self._tensor, pictures[start : start + BATCH])])), np.float64)
            for start in range(0, len(pictures), BATCH)
        ]
        return np.concatenate(parts)

    def score(self, model: Any) -> float:
        """Accuracy 0..1; of equal ones, the surer is a little better."""
        logits = self.logits(model)
        sure = softmax(logits)[np.arange(len(self.truth)), self.truth]
        return float((logits.argmax(axis=1) == self.truth).mean() + TIE * sure.mean())

    def outputs(self, model: Any, pixels: U8) -> dict[str, F32]:
        """What a finished network gives for one picture (h, w, 3) BGR."""
        return {name: np.asarray(one) for name, one in model(self._prepare(pixels)[0], training=False).items()}

    def _tensor(self, picture: Picture) -> F32:
        pixels = read_pixels(picture.path)
        if pixels is None:
            pixels = np.full((1, 1, 3), PADDING, np.uint8)
        tensor: F32 = self._prepare(pixels)[0].copy()
        return tensor
