"""Classifies the values of a sensor, sample by sample of a regular grid."""

from collections import deque

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.recognition import Recognition
from edge.contracts.scaling import scale_window
from edge.contracts.types import F64
from edge.sequences.classifier import SequenceClassifier
from edge.sequences.fitting import values_window

MOST_HELD = 0.25  # of the samples of a window may have been filled in


class ValueClassifier:
    """Keeps the newest window of samples and has it classified.

    Args:
        classifier: of a model that takes values.

    Raises:
        ModelError: the model takes a sound.
    """

    def __init__(self, classifier: SequenceClassifier) -> None:
        self.window = values_window(classifier.window)
        self._classifier = classifier
        self._values: F64 = np.zeros((0, len(self.window.channels)))
        self._held: deque[bool] = deque(maxlen=self.window.samples)

    def step(self, values: F64, fresh: bool, t_s: float, utc_ns: int, *, held: bool = False) -> Recognition | None:
        """What the window shows that ends with this sample; None where it is not full, filled in, or not its turn.

        Args:
            values: (C,) of one step of the grid of `window.step_s`, in the units of training.
            fresh: it does not follow on the last one: a window begins.
            t_s: of the sample, monotonic.
            utc_ns: the same by the wall clock.
            held: it was not read, but filled in over a gap.

        Raises:
            ModelError: the model failed, or was trained on other channels.
        """
        channels = self.window.channels
        if values.shape != (len(channels),):
            raise ModelError(
                f"the model takes {len(channels)} channels ({', '.join(channels)}) and the sensor has "
                f"{values.size}; choose its values with the sensor's paths, or train a model on these"
            )
        before = self._values[:0] if fresh or not np.isfinite(values).all() else self._values
        self._values = np.concatenate([before, values[None]])[-self.window.samples :]
        self._held.append(held)
        if not np.isfinite(values).all():
            self._values = self._values[:0]
        if len(self._values) < self.window.samples or sum(self._held) > MOST_HELD * self.window.samples:
            return None
        if not self._classifier.due(t_s):
            return None
        return self._classifier.step(scale_window(self._values, self.window), t_s, utc_ns)
