"""How the daemon does while nothing new is tried: what the health gate compares with."""

import math
from collections import deque
from dataclasses import dataclass

from edge.updates.interfaces import HealthSample

LONGEST_S = 600.0  # of what is remembered
STEP_S = 5.0  # between two memories


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the daemon did, per second; the score is NaN where nothing was detected."""

    frames_s: float
    looks_s: float
    failures_s: float
    score: float
    broker: bool


NOTHING = Baseline(0.0, 0.0, 0.0, math.nan, broker=False)


class BaselineRecorder:
    """Watches the daemon while nothing new is tried."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, HealthSample]] = deque()

    def note(self, sample: HealthSample, now_s: float) -> None:
        """How it does now, of a clock that never goes back."""
        if self._noted and restarted(self._noted[-1][1], sample):
            self._noted.clear()
        if not self._noted or now_s - self._noted[-1][0] >= STEP_S:
            self._noted.append((now_s, sample))
        while now_s - self._noted[0][0] > LONGEST_S:
            self._noted.popleft()

    def forget(self) -> None:
        """What serves has changed: how it did before is of no use."""
        self._noted.clear()

    def watched_s(self, now_s: float) -> float:
        """For how long."""
        return now_s - self._noted[0][0] if self._noted else 0.0

    def baseline(self, sample: HealthSample, now_s: float) -> Baseline:
        """How it did until now."""
        if not self._noted or now_s <= self._noted[0][0]:
            return Baseline(0.0, 0.0, 0.0, sample.score, sample.broker)
        began_s, first = self._noted[0]
        past_s = now_s - began_s
        return Baseline(
            frames_s=max(0, sample.frames - first.frames) / past_s,
            looks_s=max(0, sample.looks - first.looks) / past_s,
            failures_s=max(0, sample.failures - first.failures) / past_s,
            score=sample.score,
            broker=sample.broker,
        )


def restarted(last: HealthSample, sample: HealthSample) -> bool:
    """Whether the daemon counts from 0 again."""
    return sample.frames < last.frames or sample.looks < last.looks or sample.failures < last.failures
