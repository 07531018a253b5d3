"""Classifies what sensors tell, sample by sample, on the sensors' own thread."""

import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from edge.config.sequences import SensorEntry
from edge.contracts.errors import EdgeError
from edge.hearing.fitting import refuse_unfit
from edge.hearing.opening import open_classifier
from edge.hearing.telling import Told
from edge.runtime.settings import RuntimeSettings
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sequences.values import ValueClassifier

LATE = 1.5  # steps after the last sample, from which a window begins anew
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
        self._last_ns: dict[str, int] = {}
        self._t_s: dict[str, float] = {}  # of the newest sample, on a clock that never goes back
        self._said_s: dict[str, float] = {}
        for name, settings in sensors.items():
            if settings.classifier is not None:
                refuse_unfit(name, settings, settings.classifier.read())
                opened = open_classifier(name, settings.classifier, runtime, state_dir, stack)
                self._classifiers[name] = ValueClassifier(opened)
                self.options[name] = opened.options

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Take one sample."""
        classifier = self._classifiers.get(sensor)
        if classifier is None:
            return
        utc_ns, step_s = sensed.reading.utc_ns, classifier.window.step_s
        passed_s = (utc_ns - self._last_ns.get(sensor, 0)) / 1e9
        self._last_ns[sensor] = utc_ns
        t_s = self._t_s.get(sensor, 0.0) + (passed_s if passed_s > 0 else step_s)  # this device's clock may be set back
        self._t_s[sensor] = t_s
        try:
            values = np.array(sensed.reading.values, np.float64)
            found = classifier.step(values, passed_s > LATE * step_s, t_s, utc_ns, held=sensed.bridged)
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
    """The same sensors, those with a classifier on the grid of its model.

    Raises:
        ModelError: a model cannot be used.
        ConfigError: it was trained on other channels, or on another grid.
    """
    return {name: _on_grid(name, settings) for name, settings in sensors.items()}


def _on_grid(name: str, settings: SensorEntry) -> SensorEntry:
    if settings.classifier is None:
        return settings
    window = refuse_unfit(name, settings, settings.classifier.read())
    return settings.model_copy(update={"window": settings.window.model_copy(update={"step_s": window.step_s})})
