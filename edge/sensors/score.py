"""Forecasts of one sensor against what it then read: who serves, and how far a reading is from what was expected.

Errors are mean absolute ones in standard deviations of the channel itself, so that sensors compare; all means forget
exponentially. The learnt forecast serves where it has been better by a margin, the plain one everywhere else.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64, SeriesForecast
from edge.sensors.kept import kept_rows

LEAST = 50  # comparisons before the learnt forecast may serve
MARGIN = 0.01
MEMORY = 500  # comparisons
PLAIN, LEARNT = 0, 1
_POSITIVE = (0, 2, 3, 4)  # of the rows that are kept: all but the mean
_Row = tuple[F64, F64]  # values (C,) and their sigma (C,)


class Score:
    """Compares two forecasters at each of their horizons.

    Args:
        channels: C.
        step_s: of the grid.
    """

    def __init__(self, channels: int, step_s: float) -> None:
        self._step_s = step_s
        self._waiting: list[dict[int, deque[_Row | None]]] = [{}, {}]
        self._sums = np.zeros((2, 3))  # of each: comparisons, mean error, share within one sigma
        self._count = 0
        self._mean, self._variance, self._unit = np.zeros(channels), np.zeros(channels), np.ones(channels)
        self.serving = PLAIN

    def restart(self) -> None:
        """A gap: nothing that was said comes true any more."""
        self._waiting = [{}, {}]

    def step(self, values: F64, *, counts: bool = True) -> _Row | None:
        """Take a sample (C,); how far it is from what the serving forecast said of it, and the sigma claimed.

        Args:
            values: of it.
            counts: it was read, and says something of the forecasts.
        """
        if counts:
            self._scale(values)
        found: list[_Row | None] = [None, None]
        for which, waiting in enumerate(self._waiting):
            for steps, rows in waiting.items():
                row = rows.popleft() if len(rows) >= steps else None
                if row is None or not counts:
                    continue
                error = values - row[0]
                self._count_in(which, error, row[1])
                if steps == min(waiting):
                    found[which] = (error, row[1])
        serving = found[self.serving]
        self._choose()
        return serving if serving is not None else found[PLAIN]

    def said(self, forecasts: Sequence[SeriesForecast | None]) -> None:
        """Keep what the two say now."""
        for which, forecast in enumerate(forecasts):
            waiting = self._waiting[which]
            for index, horizon_s in enumerate(forecast.horizon_s if forecast else ()):
                assert forecast is not None
                row = np.array(forecast.values[index]), np.array(forecast.sigma[index])
                waiting.setdefault(max(1, round(horizon_s / self._step_s)), deque()).append(row)
            if forecast is None:
                for rows in waiting.values():
                    rows.append(None)

    def figures(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Error and coverage of the plain and of the learnt forecast; NaN where there is nothing to say."""
        plain, learnt = [(row[1], row[2]) if row[0] else (np.nan, np.nan) for row in self._sums.tolist()]
        return plain, learnt

    def state(self) -> list[list[float]]:
        """What was counted."""
        rows = [[float(self._count), float(self.serving)], self._mean.tolist(), self._variance.tolist()]
        return [*rows, *self._sums.tolist()]

    def restore(self, state: Sequence[Sequence[float]]) -> None:
        """Go on from what was counted.

        Raises:
            ValueError: it is not of this kind; nothing has changed.
        """
        sizes = [2, self._mean.size, self._mean.size, 3, 3]
        found = kept_rows(state, sizes, _POSITIVE, "what was counted of the sensor's forecasts")
        self._count, self.serving = int(found[0][0]), LEARNT if found[0][1] else PLAIN
        self._mean, self._variance, self._sums = found[1], found[2], np.stack(found[3:])

    def _scale(self, values: F64) -> None:
        self._count += 1
        share = 1 / min(self._count, MEMORY)
        off = values - self._mean
        self._mean = self._mean + share * off
        self._variance = self._variance + share * ((1 - share) * off * off - self._variance)
        self._unit = np.sqrt(self._variance) + 1e-12

    def _count_in(self, which: int, error: F64, sigma: F64) -> None:
        row = self._sums[which]
        row[0] += 1
        share = 1 / min(row[0], MEMORY)
        size = np.abs(error)
        row[1] += share * (min(float((size / self._unit).sum()) / len(size), 1e6) - row[1])
        row[2] += share * (float((size <= sigma).sum()) / len(size) - row[2])

    def _choose(self) -> None:
        plain, learnt = self._sums
        limit = plain[1] * (1.0 if self.serving == LEARNT else 1 - MARGIN)
        self.serving = LEARNT if learnt[0] >= LEAST and learnt[1] < limit else PLAIN
