"""Holds the processor time of training to its share, by sleeping between steps.

The process has other work as well: it watches over what serves. That is done in any case, and it uses up the same
share, but never more than half of it, or a busy camera would stop training for ever. So training alone keeps to the
share always, and the whole process does while its other work takes no more than half.
"""

import time
from collections.abc import Callable

LONGEST_SLEEP_S = 1.0
CREDIT_S = 0.1  # processor time that may be spent at once after a rest
LEAST_DEBT_S = 1e-4  # less is not worth a sleep
OTHERS = 0.5  # of what is earned, that other work uses up at most


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
        """Sleep for as long as was overspent; whether to go on. What was done since the last call was training.

        Args:
            goes_on: asked before and after every second of sleep; where it says no, this returns at once. What is done
                in it, or while asleep, is other work.
        """
        self.trained()
        while goes_on():
            self.other()
            if self._debt_s <= LEAST_DEBT_S:
                return True
            self._sleep(min(self._debt_s / self._share, LONGEST_SLEEP_S))
        self.other()
        return False

    def trained(self) -> None:
        """What was done since the last call, of any of these, was training."""
        self._count(others=False)

    def other(self) -> None:
        """It was other work."""
        self._count(others=True)

    def _count(self, *, others: bool) -> None:
        now_s, cpu_s = self._clock(), self._cpu_clock()
        spent_s, earned_s = cpu_s - self._cpu_s, (now_s - self._then_s) * self._share
        if others:
            spent_s = min(spent_s, earned_s * OTHERS)
        self._debt_s = max(self._debt_s + spent_s - earned_s, -CREDIT_S)
        self._then_s, self._cpu_s = now_s, cpu_s
