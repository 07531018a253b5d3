"""Readings of a file: as fast as they can be followed (`recorded`), or at their pace, as if they came now."""

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.contracts.errors import MessageError, SourceError
from edge.sensors.arrival import Raw
from edge.sensors.rows import Row, read_rows, time_column
from edge.sensors.settings import FileSource
from edge.sensors.source import Offer, ignore
from edge.sensors.times import epoch_s, unit_of_name
from edge.sensors.worker import Worker

APART_S = 1.0  # rows without a time
LONGEST_GAP_S = 3600.0  # that a player waits for
PATIENCE_S = 30.0
SHORTEST_LOOP_S = 0.1  # from the begin of a file to its next begin


class Arrivals:
    """When the rows of a file would have arrived: a clock that never goes back, though the file's may.

    A row whose time is not after all before it comes one usual interval after the one before it. Where the clock was
    set back that goes on for good, and `SensorClock` sees it; a single row that is out of order costs no time.
    """

    def __init__(self) -> None:
        self._arrived_s = self._latest_s = self._latest_arrived_s = math.nan
        self._usual_s = APART_S
        self._begin_s = math.nan

    def step(self, stamp_s: float) -> tuple[float, int]:
        """Arrival on the steady clock, and on the wall clock in nanoseconds, of a row; NaN where it tells no time."""
        if math.isnan(self._arrived_s):
            self._begin_s = 0.0 if math.isnan(stamp_s) else stamp_s
            self._arrived_s = self._latest_arrived_s = 0.0
            self._latest_s = self._begin_s
        elif math.isnan(stamp_s):
            self._arrived_s += APART_S
        else:
            self._follow(stamp_s)
        return self._arrived_s, round((self._begin_s + self._arrived_s) * 1e9)

    def _follow(self, stamp_s: float) -> None:
        ahead_s = stamp_s - self._latest_s
        if ahead_s > 0:
            due_s = self._latest_arrived_s + ahead_s
            self._usual_s = min(ahead_s, self._usual_s) if due_s <= self._arrived_s else ahead_s
            self._arrived_s = max(self._arrived_s, due_s)
            self._latest_s, self._latest_arrived_s = stamp_s, self._arrived_s
        elif ahead_s < 0:
            self._arrived_s += self._usual_s


def recorded(path: Path, time: str = "") -> Iterator[Raw]:
    """The rows as a sensor's messages; their times are the file's own.

    Raises:
        SourceError: the file is of no use.
    """
    column = time_column(path, time)
    clock, unit_s = Arrivals(), unit_of_name(column)
    for row in read_rows(path):
        arrived_s, arrived_ns = clock.step(_stamp_s(row, column, unit_s))
        yield Raw(row, arrived_s, arrived_ns, stale=False)


def _stamp_s(row: Row, column: str, unit_s: float) -> float:
    try:
        return epoch_s(row.get(column), unit_s) if column else math.nan
    except MessageError:  # it is told of where the row is read
        return math.nan


class FilePlayer(Worker):
    """A sensor that is a recording. It tells no time of its own: what was read once counts as read now."""

    def __init__(self, settings: FileSource, name: str) -> None:
        super().__init__(f"sensor-{name}", f"sensor {name}", PATIENCE_S, once=not settings.loop)
        self._settings = settings
        self._offer: Offer = ignore

    def begin(self, offer: Offer) -> None:
        """Start playing."""
        self._offer = offer
        self._start()

    def _round(self) -> float:
        """All rows; how long the next one would take to come, seconds. A short file is not opened for ever."""
        settings, before_s, begun_s = self._settings, math.nan, time.monotonic()
        column, due_s, pause_s = time_column(settings.path, settings.time), begun_s, self._pause_s(APART_S)
        for raw in recorded(settings.path, settings.time):
            if not math.isnan(before_s):
                pause_s = self._pause_s(raw.arrived_s - before_s)
                due_s += pause_s
            before_s = raw.arrived_s
            if self._rest(due_s - time.monotonic()):
                return 0.0
            self._well()
            self._offer(Raw(_without(raw, column), time.monotonic(), time.time_ns(), stale=False))
        if math.isnan(before_s):
            raise SourceError(f"{settings.path} holds no readings; correct `path`")
        return max(pause_s, begun_s + SHORTEST_LOOP_S - time.monotonic())

    def _pause_s(self, recorded_s: float) -> float:
        return min(recorded_s / self._settings.speed, LONGEST_GAP_S)


def _without(raw: Raw, column: str) -> Mapping[str, object]:
    assert isinstance(raw.content, Mapping)
    return {name: cell for name, cell in raw.content.items() if name != column}
