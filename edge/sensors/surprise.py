"""A plain score of anomalies: how many standard deviations a reading is from what was forecast for it."""

import json
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

USUAL, SCALE = 3.0, 3.0  # standard deviations: nothing below, most of the way three of these above
MEMORY = 500  # readings
LEARNING = 20  # readings


@dataclass(frozen=True, eq=False, slots=True)
class Residual:
    """A reading against what was forecast for its time."""

    error: F64  # (C,) reading less forecast
    sigma: F64  # (C,) one standard deviation that the forecast claimed


class Surprise:
    """Scores the readings of one sensor, one after the other."""

    def __init__(self) -> None:
        self._count = 0
        self._square: F64 = np.zeros(0)

    def step(self, t_s: float, values: F64, forecast: Residual | None) -> float:
        """How odd a reading (C,) is, 0 to 1."""
        if forecast is None:
            return 0.0
        if not len(self._square):
            self._square = np.zeros(len(values))
        usual = np.maximum(forecast.sigma, np.sqrt(self._square)) + 1e-12
        z = float(np.max(np.abs(forecast.error) / usual))
        self._count += 1
        share = 1 / min(self._count, MEMORY)
        self._square += share * (np.minimum(np.abs(forecast.error), 5 * usual) ** 2 - self._square)
        return 0.0 if self._count < LEARNING else float(1 - np.exp(-max(z - USUAL, 0.0) / SCALE))

    def state(self) -> bytes:
        """What was learnt."""
        return json.dumps([self._count, self._square.tolist()]).encode()

    def restore(self, state: bytes) -> None:
        """Go on from it. Raises ValueError where it is none."""
        count, square = json.loads(state)
        self._count, self._square = int(count), np.array(square, np.float64)
