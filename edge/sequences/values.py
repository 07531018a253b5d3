"""Classifies the values of a sensor, sample by sample of a regular grid."""

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.recognition import Recognition
from edge.contracts.scaling import scale_window
from edge.contracts.types import F64
from edge.sequences.classifier import SequenceClassifier
from edge.sequences.fitting import values_window


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

    def step(self, values: F64, fresh: bool, t_s: float, utc_ns: int) -> Recognition | None:
        """What the window shows that ends with this sample; None where it is not full, or not its turn.

        Args:
            values: (C,) of one step of the grid of `window.step_s`, in the units of training.
            fresh: it does not follow on the last one: a window begins.
            t_s: of the sample, monotonic.
            utc_ns: the same by the wall clock.

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
        if not np.isfinite(values).all():
            self._values = self._values[:0]
        if len(self._values) < self.window.samples or not self._classifier.due(t_s):
            return None
        return self._classifier.step(scale_window(self._values, self.window), t_s, utc_ns)
