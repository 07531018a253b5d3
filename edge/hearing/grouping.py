"""Windows of sensors' values in groups of what is alike, sample by sample, on the sensors' own thread."""

import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from edge.config.sequences import SensorEntry
from edge.contracts.bus import Bus
from edge.contracts.errors import EdgeError
from edge.contracts.topics import Topics
from edge.groups.groups import Groups
from edge.groups.settings import GroupSettings
from edge.hearing.fitting import refuse_unfit_embedder
from edge.hearing.opening import opened
from edge.hearing.timeline import Timeline
from edge.runtime.settings import RuntimeSettings
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sequences.embedder import WindowEmbedder

LOG_PAUSE_S = 60.0
_log = logging.getLogger(__name__)


class WindowGroups(SensorObserver):
    """Groups the windows of all sensors that have an embedder, each sensor's by themselves.

    A window is learnt when it shares no sample with the one that was learnt before. The name of the newest one's group
    is told when it changes; an empty one where it belongs to none.

    Args:
        bus: names of groups go out by it, retained.
        topics: of this device.
        stack: closes the models.
    """

    def __init__(self, bus: Bus, topics: Topics, stack: ExitStack) -> None:
        self._bus, self._topics, self._stack = bus, topics, stack
        self.groups: dict[str, Groups] = {}
        self._embedders: dict[str, WindowEmbedder] = {}
        self._times: dict[str, Timeline] = {}
        self._learnt_s: dict[str, float] = {}
        self._told: dict[str, bytes] = {}
        self._said_s = -LOG_PAUSE_S

    def open(
        self,
        sensors: Mapping[str, SensorEntry],
        settings: GroupSettings,
        runtime: RuntimeSettings,
        state_dir: Path | None,
    ) -> None:
        """Load the models.

        Args:
            sensors: by name.
            settings: of the groups.
            runtime: how models are run.
            state_dir: of the daemon; None = models are not tried.

        Raises:
            ModelError: a model cannot be used.
            ConfigError: it was trained on other channels, or on another grid.
        """
        for name, sensor in sensors.items():
            if sensor.embedder is None:
                continue
            bundle = sensor.embedder.read()
            window = refuse_unfit_embedder(name, sensor, bundle)
            made = opened(bundle, runtime, state_dir, self._stack)
            self._embedders[name] = WindowEmbedder(made, sensor.embedder.every_s)
            self._times[name], self._learnt_s[name] = Timeline(window.step_s), -np.inf
            self.groups[name] = Groups(settings, bundle.sha256)

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Take one sample."""
        embedder = self._embedders.get(sensor)
        if embedder is None:
            return
        t_s, fresh = self._times[sensor].step(sensed.reading)
        try:
            vector = embedder.step(np.array(sensed.reading.values), fresh, t_s, held=sensed.bridged)
        except EdgeError as error:
            self._complain(sensor, error)
            return
        if vector is None:
            return
        groups, window = self.groups[sensor], embedder.window
        if t_s - self._learnt_s[sensor] > (window.samples - 0.5) * window.step_s:
            self._learnt_s[sensor] = t_s
            groups.learn(vector)
        found = groups.look(vector)
        self._tell(sensor, found.name.encode() if found else b"")

    def _tell(self, sensor: str, name: bytes) -> None:
        if self._told.get(sensor, b"") != name:
            self._told[sensor] = name
            self._bus.publish(self._topics.window_group(sensor), name, retain=True)

    def _complain(self, sensor: str, error: EdgeError) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s >= LOG_PAUSE_S:
            self._said_s = now_s
            _log.error("sensor %s: a window could not be described: %s", sensor, error)
