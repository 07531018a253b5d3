"""Classifies what sensors tell, sample by sample, on the sensors' own thread."""

import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from edge.config.sequences import SensorEntry
from edge.contracts.errors import EdgeError
from edge.hearing.fitting import REFUSALS, refuse_unfit
from edge.hearing.opening import open_classifier
from edge.hearing.telling import Told
from edge.hearing.timeline import Timeline
from edge.runtime.settings import RuntimeSettings
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sequences.values import ValueClassifier

LOG_PAUSE_S = 60.0
_log = logging.getLogger(__name__)


class ValueListener(SensorObserver):
    """Keeps the windows of all sensors that have a classifier.

    Args:
        sensors: by name.
        runtime: how models are run.
        state_dir: of the daemon; None = models are not tried.
        told: of all that is recognised.
        stack: closes the models.

    Raises:
        ModelError: a model cannot be used.
        ConfigError: it was trained on other channels, or on another grid.
    """

    def __init__(
        self,
        sensors: Mapping[str, SensorEntry],
        runtime: RuntimeSettings,
        state_dir: Path | None,
        told: Told,
        stack: ExitStack,
    ) -> None:
        self._told = told
        self.options: dict[str, tuple[str, ...]] = {}
        self._classifiers: dict[str, ValueClassifier] = {}
        self._times: dict[str, Timeline] = {}
        self._said_s: dict[str, float] = {}
        for name, settings in sensors.items():
            if settings.classifier is not None:
                refuse_unfit(name, settings, settings.classifier.read())
                opened = open_classifier(name, settings.classifier, runtime, state_dir, stack)
                self._classifiers[name] = ValueClassifier(opened)
                self._times[name] = Timeline(self._classifiers[name].window.step_s)
                self.options[name] = opened.options

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Take one sample."""
        classifier = self._classifiers.get(sensor)
        if classifier is None:
            return
        t_s, fresh = self._times[sensor].step(sensed.reading)
        try:
            values = np.array(sensed.reading.values, np.float64)
            found = classifier.step(values, fresh, t_s, sensed.reading.utc_ns, held=sensed.bridged)
        except EdgeError as error:
            self._complain(sensor, error)
            return
        if found is not None:
            self._told(found)

    def _complain(self, sensor: str, error: EdgeError) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s.get(sensor, -LOG_PAUSE_S) >= LOG_PAUSE_S:
            self._said_s[sensor] = now_s
            _log.error("sensor %s: a window could not be classified: %s", sensor, error)


def with_grids(sensors: Mapping[str, SensorEntry]) -> dict[str, SensorEntry]:
    """The same sensors, those with a classifier, an embedder or a scorer on the grid of its model.

    Raises:
        ModelError: a model cannot be used.
        ConfigError: it was trained on other channels, or on another grid.
    """
    return {name: _on_grid(name, settings) for name, settings in sensors.items()}


def _on_grid(name: str, settings: SensorEntry) -> SensorEntry:
    models = {what: getattr(settings, what) for what in REFUSALS}
    windows = [REFUSALS[what](name, settings, one.read()) for what, one in models.items() if one]
    if not windows:
        return settings
    window = windows[0]
    return settings.model_copy(update={"window": settings.window.model_copy(update={"step_s": window.step_s})})
