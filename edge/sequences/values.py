"""Classifies the values of a sensor, sample by sample of a regular grid."""

from edge.contracts.errors import ModelError
from edge.contracts.recognition import Recognition
from edge.contracts.scaling import scale_window
from edge.contracts.types import F64
from edge.sequences.classifier import SequenceClassifier
from edge.sequences.fitting import values_window
from edge.sequences.keeping import KeptWindow


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
        self._kept = KeptWindow(self.window.samples, len(self.window.channels))

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
        if not self._kept.add(values, fresh, held=held) or not self._classifier.due(t_s):
            return None
        return self._classifier.step(scale_window(self._kept.values, self.window), t_s, utc_ns)
