"""A clock that never steps, made of two that may: the sensor's own, and the one that says when a message arrived.

A message that was on its way for long is older than it looks, one by one; a clock that was set is off for good. So a
time that does not fit is believed only when those that follow agree with it. A sensor that tells no time is timed by
the arrival of its messages, which `time.monotonic()` measures: nothing can step there.

At first the sensor's clock is presumed to go by the same time as this device's. So a backlog that comes all at once
after an outage lies where it belongs, before now; a clock that goes otherwise is found out by three readings in a row.
Only where a clock is ahead of this device's there is no telling how old its backlog is.
"""

import math
from statistics import median

from edge.sensors.arrival import Arrival, Timed

AGREE = 3  # readings in a row
LEAST_S = 1.0  # smaller steps are followed like drift
_DRIFT = 0.05  # of the difference is followed with each reading


class SensorClock:
    """Times the readings of one sensor. `stepped_s` is by how much its clock was off at the last step of `steps`."""

    def __init__(self) -> None:
        self.steps = 0
        self.stepped_s = 0.0
        self.wrong = 0  # readings whose time is later than their arrival, and that no other confirmed
        self._ahead_s = math.nan  # the sensor's clock less the arrival's
        self._presumed = True  # no reading has borne it out
        self._odd: list[Arrival] = []

    def step(self, arrival: Arrival, step_s: float) -> list[Timed]:
        """What is known of now, in order; a reading whose time does not fit waits for the next ones.

        Args:
            arrival: a reading.
            step_s: of the grid; what is smaller matters little.
        """
        own = not math.isnan(arrival.stamp_s)
        told_s = arrival.stamp_s if own else arrival.arrived_ns / 1e9
        ahead_s = told_s - arrival.arrived_s
        if math.isnan(self._ahead_s):
            self._ahead_s = max(ahead_s, arrival.arrived_ns / 1e9 - arrival.arrived_s)
        off_s, tolerance_s = ahead_s - self._ahead_s, max(LEAST_S, step_s)
        if not own:
            if abs(off_s) > LEAST_S:  # this device's clock was set
                self._stepped(off_s)
            self._ahead_s = ahead_s
            return [Timed(arrival.arrived_s, arrival.values)]
        if abs(off_s) <= tolerance_s:
            self._ahead_s += _DRIFT * off_s
            self._presumed = False
            return [*self._flush(), self._timed(arrival)]
        return self._waiting(arrival)

    def _waiting(self, arrival: Arrival) -> list[Timed]:
        """Count readings that are off together."""
        before = self._odd[-1] if self._odd else arrival
        found = [] if _agree(before, arrival) else self._flush()
        self._odd.append(arrival)
        if len(self._odd) < AGREE:
            return found
        ahead_s = median(one.stamp_s - one.arrived_s for one in self._odd)
        if not self._presumed:
            self._stepped(ahead_s - self._ahead_s)
        self._ahead_s, self._presumed = ahead_s, False
        found += [self._timed(one) for one in self._odd]
        self._odd.clear()
        return found

    def _flush(self) -> list[Timed]:
        """Single ones: news that was long on its way, or wrong, for nothing arrives before it is sent."""
        late = [one for one in self._odd if one.stamp_s - one.arrived_s < self._ahead_s]
        self.wrong += len(self._odd) - len(late)
        self._odd.clear()
        return [self._timed(one) for one in late]

    def _timed(self, arrival: Arrival) -> Timed:
        return Timed(arrival.stamp_s - self._ahead_s, arrival.values)

    def _stepped(self, by_s: float) -> None:
        self.steps += 1
        self.stepped_s = by_s


def _agree(before: Arrival, after: Arrival) -> bool:
    """Whether as much time has passed on both clocks: a backlog comes all at once, and a clock that stands is none."""
    passed_s, arrived_s = after.stamp_s - before.stamp_s, after.arrived_s - before.arrived_s
    return before is after or abs(passed_s - arrived_s) <= max(0.5 * passed_s, 0.05)
