"""How often a sensor speaks, as its readings tell."""

from collections import deque
from statistics import median

FIRST = 8  # intervals after which a step is chosen
KEPT = 32
SHORTEST_S = 1e-3
_OFF = 4.0  # times as fast or slow as thought: what was chosen was wrong


class Pace:
    """Chooses the step of the grid where the configuration does not.

    Args:
        step_s: of the configuration, 0 = as the readings come.
    """

    def __init__(self, step_s: float) -> None:
        self._given_s = self.step_s = step_s  # 0 = not known yet
        self._intervals: deque[float] = deque(maxlen=KEPT)
        self._newest_s: float | None = None
        self._count = 0

    @property
    def sparse(self) -> bool:
        """Whether there is not more than about one reading for each step: then none waits for another."""
        return len(self._intervals) >= FIRST and median(self._intervals) > 0.7 * self.step_s

    def restore(self, step_s: float) -> None:
        """Go on with a step that was chosen earlier."""
        if not self._given_s:
            self.step_s = step_s

    def heard(self, t_s: float) -> bool:
        """Count a reading; whether another step is chosen from now on."""
        before, self._newest_s = self._newest_s, t_s
        if before is not None and t_s - before >= SHORTEST_S:
            self._intervals.append(t_s - before)
            self._count += 1
        return not self._given_s and self._chosen()

    def _chosen(self) -> bool:
        found_s = 0.0
        if not self.step_s and self._count >= FIRST:
            found_s = median(self._intervals)
        elif self.step_s and self._count >= KEPT and self._count % KEPT == 0:
            now_s = median(self._intervals)
            found_s = now_s if not 1 / _OFF <= now_s / self.step_s <= _OFF else 0.0
        if found_s:
            self.step_s = float(f"{found_s:.3g}")
        return bool(found_s)
