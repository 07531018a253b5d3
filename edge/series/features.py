"""What the read-out sees: a one, where the clock stands, the recurrent state, and the newest values themselves."""

import math
from typing import ClassVar

import numpy as np

from edge.contracts.types import F64

HARMONICS = 2
LAGS = 24  # newest values over all channels
MOST_LAGS, FEWEST_LAGS = 12, 1  # of a channel
SECOND_NS = 1_000_000_000


class Features:
    """Joins them to one vector of D bounded numbers.

    Args:
        channels: C.
        state: N, size of the recurrent state.
        cycles_s: after which the surroundings repeat.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("past",)

    def __init__(self, channels: int, state: int, cycles_s: tuple[float, ...]) -> None:
        lags = max(FEWEST_LAGS, min(MOST_LAGS, LAGS // channels))
        self._cycles_ns = [round(cycle * SECOND_NS) for cycle in cycles_s]
        self.past: F64 = np.zeros((lags, channels))  # newest first, in standard deviations
        self.width = 1 + 2 * HARMONICS * len(cycles_s) + state + self.past.size

    def step(self, utc_ns: int, state: F64, scaled: F64) -> F64:
        """(D,) from the time, the state (N,) and the newest values (C,)."""
        self.past = np.concatenate([scaled[None], self.past[:-1]])
        return np.concatenate([[1.0], self._clock(utc_ns), state, self.past.reshape(-1)])

    def reset(self) -> None:
        """Forget what came."""
        self.past = np.zeros_like(self.past)

    def _clock(self, utc_ns: int) -> list[float]:
        turns = [(utc_ns % cycle) / cycle * math.tau * n for cycle in self._cycles_ns for n in range(1, HARMONICS + 1)]
        return [wave(turn) for turn in turns for wave in (math.sin, math.cos)]
