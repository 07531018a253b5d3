"""Describes windows of a sensor's values by vectors: what is alike has vectors that point the same way."""

import math

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.runtime import Runtime
from edge.contracts.scaling import scale_window
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32, F64, Head, ModelBundle
from edge.contracts.windows import SeriesWindow
from edge.sequences.keeping import KeptWindow

EMBEDDING = 1  # of the outputs of both heads


def embedding_window(bundle: ModelBundle) -> SeriesWindow:
    """What a model takes that describes windows of values. Raises ModelError: it describes none."""
    window = bundle.window
    if bundle.head not in (Head.SEQUENCE, Head.AUTOENCODER) or not isinstance(window, SeriesWindow):
        raise ModelError(
            f"{bundle.path} is a {bundle.head.value} and describes no windows of values; `foresight-train series "
            "autoencode` or `series classify` makes a model that does"
        )
    return window


class WindowEmbedder:
    """Keeps the newest window of samples and describes it, so often as is asked for.

    Args:
        runtime: of the model.
        every_s: from one look to the next.

    Raises:
        ModelError: the model describes no windows of values.
    """

    def __init__(self, runtime: Runtime, every_s: float) -> None:
        self.window = embedding_window(runtime.bundle)
        self._runtime, self._every_s = runtime, every_s
        self._kept = KeptWindow(self.window.samples, len(self.window.channels))
        self._next_s = -math.inf

    def step(self, values: F64, fresh: bool, t_s: float, *, held: bool) -> F32 | None:
        """The vector (E,) of length 1 of the window that ends with this sample; None where it is not its turn.

        Args:
            values: (C,) of one step of the grid, in the units of training.
            fresh: it does not follow on the last one: a window begins.
            t_s: of the sample, monotonic.
            held: it was not read, but filled in over a gap.

        Raises:
            ModelError: the model failed.
        """
        if not self._kept.add(values, fresh, held=held) or t_s < self._next_s:
            return None
        self._next_s = t_s + self._every_s
        bundle = self._runtime.bundle
        given = scale_window(self._kept.values, self.window)
        raw = self._runtime.invoke(stored(given[None], bundle.input.tensor))
        vector = real(raw[EMBEDDING], bundle.outputs[EMBEDDING])[0].astype(np.float32)
        return vector / max(float(np.linalg.norm(vector)), 1e-12)
