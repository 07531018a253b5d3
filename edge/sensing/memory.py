"""What sensors have taught, on disk: a file for each, replaced as a whole, seldom, and on a thread that may wait."""

import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.stored import Json, Stored

FOLDER = "sensors"
MAX_BYTES = 1 << 24  # of a file; 16 channels, each with the usual 4000 readings of its anomaly score, take 3 MB
LIMIT_BYTES = MAX_BYTES - 1024  # of a state: what stands around it is small
_log = logging.getLogger(__name__)


class SensorMemory:
    """Keeps states by sensor. Any thread may offer one; `flush` writes, and is called on a thread of its own.

    Args:
        state_dir: of the daemon.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: dict[str, Mapping[str, Json]] = {}
        self._told: set[str] = set()

    def load(self, sensor: str) -> Json:
        """What was kept of a sensor; None where nothing was, or nothing that can be read."""
        return self._stored(sensor).read_regained()

    def offer(self, sensor: str, state: Mapping[str, Json]) -> None:
        """Let it be written soon."""
        if state:
            with self._lock:
                self._waiting[sensor] = state

    def flush(self) -> None:
        """Write what was offered. A disk that takes nothing costs the memory of it, and is told of once."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            for sensor, state in waiting.items():
                self._write(sensor, state)

    def _write(self, sensor: str, state: Mapping[str, Json]) -> None:
        try:
            _refuse_large(state)
            self._stored(sensor).write(state)
            self._told.discard(sensor)
        except (OSError, ValueError) as error:
            if sensor not in self._told:
                self._told.add(sensor)
                _log.warning("sensor %s: what it taught is not kept over a restart: %s", sensor, error)

    def _stored(self, sensor: str) -> Stored:
        return Stored(self._folder / f"{sensor}.json", limit_bytes=MAX_BYTES)


def _refuse_large(state: Mapping[str, Json]) -> None:
    """Raises ValueError: it would not be read again."""
    size = len(json.dumps(state, indent=1))
    if size > LIMIT_BYTES:
        raise ValueError(
            f"it has {size} bytes, more than {LIMIT_BYTES}; name fewer channels or horizons, or lower anomaly.memory"
        )
