"""The forecast that is always there: a value stays where it is, and falls back to its mean as far as it ever has.

Damped persistence: for each horizon and channel the coefficient `a` in 0..1 of the regression of what came on what
was, both as differences from a slow mean; 1 is "as it is now", 0 "as ever". Its sigma is the root of the mean square of
what it was wrong by. All means forget exponentially; in the beginning they are plain means.
"""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64, Mask, Reading, SeriesForecast
from edge.sensors.horizons import horizons
from edge.sensors.kept import kept_rows

LEAST = 8  # samples before anything is said
_CLAIM = 3.0  # samples for which the first sigma stands
_POSITIVE = (0, 2, 4, 5, 6)  # of the rows that are kept: all but the mean and the products


class DampedPersistence:
    """Forecasts one sensor on its grid, sample by sample.

    Args:
        channels: C.
        step_s: of the grid.
        horizons_s: K, seconds; none: a few steps.
        memory: samples.
    """

    def __init__(self, channels: int, step_s: float, horizons_s: Sequence[float], memory: int) -> None:
        self.horizons_s, self.steps = horizons(horizons_s, step_s)
        shape = (len(self.steps), channels)
        self._memory = memory
        self._count = 0
        self._mean, self._variance = np.zeros(channels), np.zeros(channels)
        self._cross, self._square, self._error = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._pairs: F64 = np.zeros((len(self.steps), 1))
        longest = max(self.steps, default=1)
        self._past: F64 = np.full((longest, channels), np.nan)  # newest first
        self._said: F64 = np.full((longest, *shape), np.nan)  # a ring
        self._back, self._rows, self._at = np.array(self.steps, np.int64) - 1, np.arange(len(self.steps)), 0

    def restart(self) -> None:
        """A gap: what comes does not follow from what was; what was learnt stays."""
        self._past[:] = np.nan
        self._said[:] = np.nan

    def step(self, reading: Reading, *, counts: bool = True) -> SeriesForecast | None:
        """What comes after one more sample; None while it is too early to tell.

        Args:
            reading: the sample.
            counts: it was read; nothing is learnt from one that was filled in, as what came nor as what was.
        """
        values = np.array(reading.values, np.float64)
        if counts:
            self._learn(values)
        factor = np.clip(
            np.divide(self._cross, self._square, out=np.ones_like(self._cross), where=self._square > 0), 0, 1
        )
        ahead = self._mean + factor * (values - self._mean)
        self._past[1:] = self._past[:-1]
        self._past[0] = values if counts else np.nan
        self._at = (self._at + 1) % len(self._said)
        self._said[self._at] = ahead
        if self._count < LEAST or not self.steps:
            return None
        return SeriesForecast(
            reading.sensor, reading.utc_ns, self.horizons_s, _rows(ahead), _rows(self._sigma(factor)), 0.0
        )

    def state(self) -> list[list[float]]:
        """What was learnt."""
        arrays = (self._mean, self._variance, self._cross, self._square, self._error, self._pairs)
        return [[float(self._count)], *(array.ravel().tolist() for array in arrays)]

    def restore(self, state: Sequence[Sequence[float]]) -> None:
        """Go on from what was learnt.

        Raises:
            ValueError: it is not of this kind; nothing has changed.
        """
        arrays = [self._mean, self._variance, self._cross, self._square, self._error, self._pairs]
        sizes = [1, *(array.size for array in arrays)]
        found = kept_rows(state, sizes, _POSITIVE, "what was learnt of the sensor")
        self._count = int(found[0][0])
        for array, row in zip(arrays, found[1:], strict=True):
            array[...] = row.reshape(array.shape)

    def _learn(self, values: F64) -> None:
        was = self._past[self._back]  # (K, C) what was read a horizon ago
        seen: Mask = np.asarray(np.isfinite(was).all(axis=1))
        self._pairs[seen] += 1
        rate = np.where(seen[:, None], 1 / np.minimum(np.maximum(self._pairs, 1), self._memory), 0.0)
        said = self._said[(self._at - self._back) % len(self._said), self._rows]
        wrong = np.where(seen[:, None], values - said, 0.0)
        then, now = np.where(seen[:, None], was - self._mean, 0.0), values - self._mean
        self._error += rate * (wrong * wrong - self._error)
        self._cross += rate * (then * now - self._cross)
        self._square += rate * (then * then - self._square)
        self._count += 1
        share = 1 / min(self._count, self._memory)
        off = values - self._mean
        self._mean += share * off
        self._variance += share * ((1 - share) * off * off - self._variance)

    def _sigma(self, factor: F64) -> F64:
        """(K, C). Before a horizon has passed a few times: what the regression leaves unexplained."""
        claimed = (1 - factor * factor) * self._variance + 0.1 * self._variance
        known = self._pairs
        return np.sqrt((known * self._error + _CLAIM * claimed) / (known + _CLAIM) + 1e-18)


def _rows(values: F64) -> tuple[tuple[float, ...], ...]:
    return tuple([tuple(row) for row in values.tolist()])
