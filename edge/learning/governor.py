"""Holds the processor time of learning to its share, by sleeping between steps."""

import time
from collections.abc import Callable

LONGEST_SLEEP_S = 1.0
CREDIT_S = 0.1  # processor time that may be spent at once after a rest
LEAST_DEBT_S = 1e-4  # less is not worth a sleep


class Governor:
    """Counts processor time against time.

    Args:
        percent: of one core.
        clock: seconds.
        cpu_clock: seconds of processor time of this process.
        sleep: waits.
    """

    def __init__(
        self,
        percent: float,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share, self._clock, self._cpu_clock, self._sleep = percent / 100.0, clock, cpu_clock, sleep
        self._then_s, self._cpu_s, self._debt_s = clock(), cpu_clock(), 0.0

    def breathe(self, goes_on: Callable[[], bool] = lambda: True) -> bool:
        """Sleep for as long as was overspent; whether to go on.

        Args:
            goes_on: asked before and after every second of sleep; where it says no, this returns at once.
        """
        self._count()
        while goes_on():
            if self._debt_s <= LEAST_DEBT_S:
                return True
            self._sleep(min(self._debt_s / self._share, LONGEST_SLEEP_S))
            self._count()
        return False

    def _count(self) -> None:
        now_s, cpu_s = self._clock(), self._cpu_clock()
        spent_s, earned_s = cpu_s - self._cpu_s, (now_s - self._then_s) * self._share
        self._debt_s = max(self._debt_s + spent_s - earned_s, -CREDIT_S)
        self._then_s, self._cpu_s = now_s, cpu_s
