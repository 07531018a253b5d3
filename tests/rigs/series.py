"""Series for tests, and forecasters run over them."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64, Reading, SeriesForecast
from edge.series.forecaster import SeriesForecaster

START_NS, SECOND_NS = 1_700_000_000_000_000_000, 1_000_000_000


def wave(rows: int, period: float, noise: float, seed: int = 0) -> F64:
    """(rows,) a sine of amplitude 3 around 20."""
    chance = np.random.default_rng(seed)
    return 20 + 3 * np.sin(2 * np.pi * np.arange(rows) / period) + noise * chance.normal(size=rows)


def reading(index: float, *values: float, sensor: str = "tank") -> Reading:
    """One at so many seconds after the start."""
    return Reading(sensor, START_NS + round(index * SECOND_NS), values)


def fed(forecaster: SeriesForecaster, values: F64, begin: int = 0) -> list[SeriesForecast | None]:
    """What it says after each value (rows,) or (rows, C), a second apart."""
    rows = np.atleast_2d(values.T).T
    return [forecaster.step(reading(begin + index, *row.tolist())) for index, row in enumerate(rows)]


def errors(said: Sequence[SeriesForecast | None], values: F64, steps: int, which: int) -> tuple[F64, F64]:
    """Errors (n,) of the first channel at one horizon, and the sigma claimed, where the truth is there."""
    pairs = [
        (values[index + steps] - one.values[which][0], one.sigma[which][0])
        for index, one in enumerate(said[: len(values) - steps])
        if one is not None
    ]
    found = np.array(pairs, np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
