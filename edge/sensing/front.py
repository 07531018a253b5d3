"""From the messages of one sensor to samples on its grid."""

import math
from collections import deque

from edge.contracts.errors import MessageError
from edge.sensing.complaints import Complaints
from edge.sensors.arrival import Arrival, Raw, Timed
from edge.sensors.clock import SensorClock
from edge.sensors.pace import Pace
from edge.sensors.payload import Reader
from edge.sensors.settings import MqttSource, SensorBasics
from edge.sensors.stuck import Stuck
from edge.sensors.windows import Grid, Sample

MOST_EARLY = 64  # readings that are kept until the step of the grid is known
STANDING = 32  # readings in a row after which a time that does not go on is told of


class Front:
    """Understands, times and resamples.

    Args:
        sensor: its name.
        settings: of it.
        reader: of its messages.
        step_s: of the grid, as the model wants it; 0 = as the settings say.
    """

    def __init__(self, sensor: str, settings: SensorBasics, reader: Reader, step_s: float = 0.0) -> None:
        self.readings = self.refused = 0
        self.heard_s = 0.0  # when the newest reading arrived; meaningless without one
        self.stuck = False
        self.complaints = Complaints(sensor)
        self._where = settings.source.topic if isinstance(settings.source, MqttSource) else ""
        self._reader, self._hold_steps = reader, settings.window.hold_steps
        self._pace = Pace(step_s or settings.window.step_s)
        self._clock, self._stuck = SensorClock(), Stuck(settings.window.stuck_s)
        self._early: deque[Timed] = deque(maxlen=MOST_EARLY)
        self._grid = self._begun() if self._pace.step_s else None
        self._late = self._gaps = 0  # of grids before this one
        self._newest = Arrival((), 0.0, 0.0, 0)
        self._latest_s, self._standing = -math.inf, 0  # latest time so far, and readings in a row that were not later

    @property
    def step_s(self) -> float:
        """Of the grid; 0 while it is not known."""
        return self._pace.step_s

    @property
    def late(self) -> int:
        """Readings that were too old, or twice there, or of an impossible time."""
        grid = self._grid
        return self._late + self._clock.wrong + (grid.late + grid.doubled if grid else 0)

    @property
    def gaps(self) -> int:
        """Silences after which the grid began anew."""
        return self._gaps + (self._grid.gaps if self._grid else 0)

    def restore(self, step_s: float) -> None:
        """Go on with a step that an earlier run has chosen."""
        self._pace.restore(step_s)
        self._grid = self._begun()

    def step(self, raw: Raw) -> list[Sample]:
        """The samples that are complete with a message. One that is not understood is counted and told of."""
        try:
            arrival = self._reader.read(raw)
        except MessageError as error:
            self.refused += 1
            self.complaints.say(f"{self._where}: {error}".removeprefix(": "))
            return []
        self.readings += 1
        self.heard_s, self._newest = arrival.arrived_s, arrival
        steps = self._clock.steps
        timed = self._clock.step(arrival, self._pace.step_s)
        if self._clock.steps != steps:
            self.complaints.say(f"its clock was set by {self._clock.stepped_s:+.0f} s; its times go on as before")
        self._follow_time(timed)
        return [sample for one in timed for sample in self._resampled(one)]

    def tick(self, now_s: float) -> list[Sample]:
        """The sample of a step that is over, if any."""
        return self._grid.tick(now_s) if self._grid else []

    def utc_ns(self, t_s: float) -> int:
        """The wall clock's time of a moment."""
        return max(0, self._newest.arrived_ns - round((self._newest.arrived_s - t_s) * 1e9))

    def _follow_time(self, timed: list[Timed]) -> None:
        """Tell of a sensor whose clock stands or goes back: nothing can be made of its readings."""
        latest_s = max((one.t_s for one in timed), default=-math.inf)
        self._standing = 0 if latest_s > self._latest_s else self._standing + 1
        self._latest_s = max(self._latest_s, latest_s)
        if self._standing >= STANDING:
            self.complaints.say("its times do not go on with their arrival; without `time`, readings count from that")

    def _resampled(self, timed: Timed) -> list[Sample]:
        self.stuck = self._stuck.step(timed.t_s, timed.values)
        if self._pace.heard(timed.t_s):
            self._replace()
        if self._grid is None:
            self._early.append(timed)
            return []
        found = [sample for early in self._early for sample in self._grid.step(early, self._pace.sparse)]
        self._early.clear()
        return found + self._grid.step(timed, self._pace.sparse)

    def _replace(self) -> None:
        if self._grid:
            self._late += self._grid.late + self._grid.doubled
            self._gaps += self._grid.gaps + 1
        self._grid = self._begun()

    def _begun(self) -> Grid:
        return Grid(self._pace.step_s, self._hold_steps)
