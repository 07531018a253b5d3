"""From readings as they come to samples on a regular grid: the one thing that forecasters and scores of anomalies see.

Each step of the grid has one sample: the mean of its readings. Where readings are no more frequent than the grid, a
sample is there with its reading, and the grid follows their rhythm; else a step ends with the first reading after it,
or when its time is over. Over a gap of a few steps the last sample is held, once its end is known (a line to its end
would tell what comes before it is forecast); after a longer one the grid begins anew, and with it every window of
samples. What is older than the newest step comes too late.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from edge.sensors.arrival import Timed

GRACE = 0.25  # of a step, for readings that are on their way when it is over
_FOLLOW = 0.2  # of what a reading is off its step moves the next ones


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """The values of one step of the grid."""

    t_s: float
    values: F64  # (C,)
    bridged: bool  # held from the one before, not read
    fresh: bool  # the first after the begin, or after a gap that is too long


class Grid:
    """Brings the readings of one sensor to the grid.

    Args:
        step_s: of the grid.
        hold_steps: gaps of at most so many steps are bridged.
    """

    def __init__(self, step_s: float, hold_steps: int) -> None:
        self.late = self.doubled = self.bridged = self.gaps = 0
        self._step_s, self._hold_steps = step_s, hold_steps
        self._newest: Sample | None = None
        self._last: Timed | None = None
        self._at_s = 0.0  # the middle of the step that is open
        self._sum: F64 = np.zeros(0)  # of the readings of the open step
        self._open = 0  # how many they are

    def step(self, timed: Timed, sparse: bool) -> list[Sample]:
        """The samples that are complete with this reading, in order.

        Args:
            timed: the reading.
            sparse: there is no more than about one reading for each step.
        """
        if self._last == timed:
            self.doubled += 1
            return []
        ahead = self._steps(timed.t_s)
        if ahead < 0 or (ahead == 0 and self._newest is not None and not self._open):
            self.late += 1
            return []
        self._last = timed
        done = self._close() if ahead and self._open else []
        if ahead or (self._newest is None and not self._open):
            self._at_s = timed.t_s if self._begins(ahead) else self._at_s + ahead * self._step_s
        self._sum = self._sum + timed.values if self._open else np.array(timed.values, np.float64)
        self._open += 1
        if not sparse:
            return done
        done += self._close()
        self._at_s += _FOLLOW * (timed.t_s - self._at_s)
        return done

    def tick(self, now_s: float) -> list[Sample]:
        """The sample of a step whose time is over, if any."""
        over = now_s > self._at_s + (0.5 + GRACE) * self._step_s
        return self._close() if self._open and over else []

    def _steps(self, t_s: float) -> int:
        """How many steps after the open one a time lies."""
        if self._newest is None and not self._open:
            return 0
        return int(np.floor(np.clip((t_s - self._at_s) / self._step_s, -1e9, 1e9) + 0.5))

    def _begins(self, ahead: int) -> bool:
        return (self._newest is None and not self._open) or ahead - 1 > self._hold_steps

    def _close(self) -> list[Sample]:
        """The open step's sample, and before it those of the gap that it ends."""
        values, self._open = self._sum / self._open, 0
        before = self._newest
        missing = 0 if before is None else round((self._at_s - before.t_s) / self._step_s) - 1
        fresh = before is None or missing > self._hold_steps
        self.gaps += fresh and before is not None
        self._newest = Sample(self._at_s, values, bridged=False, fresh=fresh)
        if before is None or fresh or missing <= 0:
            return [self._newest]
        self.bridged += missing
        step_s = (self._at_s - before.t_s) / (missing + 1)
        held = [Sample(before.t_s + step_s * (k + 1), before.values, bridged=True, fresh=False) for k in range(missing)]
        return [*held, self._newest]
