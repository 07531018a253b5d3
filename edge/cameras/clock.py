"""The time of a clip: its own, made to go forward."""

import math
import time
from typing import NamedTuple

LONGEST_GAP_S = 60.0  # between two pictures; more is a broken time stamp
FPS = (0.1, 240.0)  # believable frame rates
USUAL_FPS = 25.0


class Stamp(NamedTuple):
    """When a picture of a clip was taken, as `Frame` has it."""

    t_s: float
    utc_ns: int


def believable_fps(fps: float) -> float:
    """`fps` as a container states it, or the usual rate where that is nonsense."""
    return fps if math.isfinite(fps) and FPS[0] <= fps <= FPS[1] else USUAL_FPS


class ClipClock:
    """Turns positions in a clip into times that only go forward, over loops and broken time stamps too.

    The first picture happens now, every later one as long after it as the clip says, or, where the clip says nothing
    that can be true, as long as the one before took.
    """

    def __init__(self, step_s: float, speed: float) -> None:
        """`step_s` between pictures, until the clip tells; `speed` in clip seconds per second, 0 = do not wait."""
        self._step_s = step_s
        self._speed = speed
        self._elapsed_s = 0.0
        self._position_s = math.nan
        self._start: Stamp | None = None

    def advance(self, position_s: float) -> Stamp:
        """The time of the next picture, which stands at `position_s` in the clip."""
        if self._start is None:
            self._start = Stamp(time.monotonic(), time.time_ns())
        else:
            self._elapsed_s += self._since_last(position_s)
        self._position_s = position_s
        return Stamp(self._start.t_s + self._elapsed_s, self._start.utc_ns + round(self._elapsed_s * 1e9))

    def rewind(self) -> None:
        """The clip starts again: the next position says nothing about the time since the last."""
        self._position_s = math.nan

    def wait(self, deadline_s: float) -> None:
        """Sleep until the picture of the last `advance` is due, at most to the deadline."""
        if self._speed <= 0 or self._start is None:
            return
        due_s = self._start.t_s + self._elapsed_s / self._speed
        time.sleep(max(0.0, min(due_s, deadline_s) - time.monotonic()))

    def _since_last(self, position_s: float) -> float:
        step_s = position_s - self._position_s
        if 0 < step_s <= LONGEST_GAP_S:  # false for NaN
            self._step_s = step_s
        return self._step_s
