"""Runs a classifier of sequences on windows that are full, as often as the settings say."""

import math

from edge.contracts.recognition import UNKNOWN, Recognition
from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32
from edge.sequences.fitting import window_of
from edge.sequences.settings import SequenceSettings
from edge.sequences.smoothing import UNSURE, Decision, Smoother


class SequenceClassifier:
    """Names what one sensor's windows show.

    Args:
        sensor: its name, for what is told.
        runtime: of the model.
        settings: of the decision.

    Raises:
        ModelError: the model is no classifier of sequences, or has no labels.
    """

    def __init__(self, sensor: str, runtime: Runtime, settings: SequenceSettings) -> None:
        bundle = runtime.bundle
        self.window = window_of(bundle)
        self.labels = bundle.labels
        self.runs = 0
        self._sensor, self._runtime = sensor, runtime
        ignored = frozenset(index for index, name in enumerate(bundle.labels) if name in {*settings.ignored, ""})
        self._smoother = Smoother(settings.smooth_s, settings.threshold, settings.refractory_s, ignored)
        self._every_s = settings.every_s
        self._next_s = -math.inf

    @property
    def options(self) -> tuple[str, ...]:
        """All that can be told."""
        return (*dict.fromkeys(name for name in self.labels if name), UNKNOWN)

    def due(self, t_s: float) -> bool:
        """Whether a window that ends now is to be looked at; asked for every sample, in order of time."""
        if t_s < self._next_s:
            return False
        late = self._next_s == -math.inf or t_s - self._next_s > self._every_s
        self._next_s = (t_s if late else self._next_s) + self._every_s
        return True

    def step(self, window: F32, t_s: float, utc_ns: int) -> Recognition:
        """What a window shows.

        Args:
            window: (S, C) or (frames, bands), scaled as the model takes it.
            t_s: of its newest sample, monotonic.
            utc_ns: the same by the wall clock.

        Raises:
            ModelError: the model failed.
        """
        return self._told(self._smoother.step(t_s, self.probabilities(window)), utc_ns)

    def quiet(self, t_s: float, utc_ns: int) -> Recognition:
        """The same of a window that holds nothing."""
        return self._told(self._smoother.quiet(t_s), utc_ns)

    def probabilities(self, window: F32) -> F32:
        """(L,) of one window alone.

        Raises:
            ModelError: the model failed.
        """
        bundle = self._runtime.bundle
        raw = self._runtime.invoke(stored(window[None], bundle.input.tensor))
        self.runs += 1
        return real(raw[0], bundle.outputs[0])[0]

    def _told(self, decision: Decision, utc_ns: int) -> Recognition:
        name = UNKNOWN if decision.label == UNSURE else self.labels[decision.label]
        return Recognition(self._sensor, utc_ns, name, min(max(decision.probability, 0.0), 1.0), decision.fresh)
