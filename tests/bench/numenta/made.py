"""Made series with known anomalies, to judge a detector on what the benchmark's choosing part has no examples of.

Nine kinds of sensor, each with faults of eight kinds, in four lengths. All is drawn from one seed. A fault is set in as
it would show: in units of how far the series itself usually moves. Windows are as the benchmark makes them: a tenth of
the series, shared among its anomalies, each in the middle of its window.
"""

from collections.abc import Callable

import numpy as np

from edge.contracts.types import F64
from tests.bench.numenta.corpus import Series

Base = Callable[[np.random.Generator, F64], F64]  # times (n,) -> values (n,)
Fault = Callable[[np.random.Generator, F64, F64, int], None]  # changes values from a row on; times
DAY_S = 86400.0
EACH = 10  # series of a kind of sensor
LENGTHS, PERIODS_S = (1600, 2500, 4000, 7000), (300.0, 300.0, 600.0, 1800.0, 3600.0)
COUNTS = (0, 1, 1, 2, 2, 3)  # faults in a series
FIRST = 0.2  # share of the series before which there is none


def made(seed: int = 0) -> list[Series]:
    """All of them, always the same for a seed."""
    return [
        _series(np.random.default_rng((seed, number, i)), f"made/{name}-{i}", base)
        for number, (name, base) in enumerate(BASES.items())
        for i in range(EACH)
    ]


def _series(rng: np.random.Generator, name: str, base: Base) -> Series:
    n = int(rng.choice(LENGTHS))
    t_s = 1.4e9 + float(rng.uniform(0, DAY_S)) + float(rng.choice(PERIODS_S)) * np.arange(n, dtype=np.float64)
    value = base(rng, t_s)
    count = int(rng.choice(COUNTS))
    half = n // 20 // max(count, 1)
    at = FIRST + (0.95 - FIRST) * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / max(count, 1)
    rows = (at * n).astype(np.int64).tolist()
    for row in rows:
        fault = FAULTS[int(rng.integers(len(FAULTS)))]
        fault(rng, value, t_s, row)
        name += fault.__name__
    return Series(name, t_s, value, tuple((max(row - half, 0), min(row + half, n - 1)) for row in rows))


def _day(t_s: F64, shift: float = 0.0) -> F64:
    """1 at the height of the day, 0 at the bottom of the night."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * (t_s / DAY_S + shift))


def _smooth(rng: np.random.Generator, n: int, readings: float) -> F64:
    """Noise of variance 1 that forgets within about so many readings."""
    keep, steps = np.exp(-1 / readings), rng.normal(0, 1, n)
    noise = np.empty(n)
    last = 0.0
    for i, step in enumerate(steps.tolist()):
        last = keep * last + np.sqrt(1 - keep * keep) * step
        noise[i] = last
    return noise


def _load(rng: np.random.Generator, t_s: F64) -> F64:
    """A machine's load: low, with bursts of some readings."""
    n = len(t_s)
    bursts = np.convolve(rng.random(n) < rng.uniform(0.003, 0.03), np.ones(int(rng.integers(1, 6))))[:n]
    return np.clip(rng.uniform(1, 10) + rng.normal(0, 0.4, n) + bursts * rng.gamma(2, 6, n), 0, 100)


def _busy(rng: np.random.Generator, t_s: F64) -> F64:
    """Demand of people: by day and week, counted."""
    weekday = np.where(np.floor(t_s / DAY_S) % 7 < 5, 1.0, rng.uniform(0.5, 0.9))
    rate = rng.uniform(20, 3000) * (0.1 + _day(t_s, rng.random()) ** 1.5 * weekday)
    return rng.poisson(rate * np.exp(0.05 * _smooth(rng, len(t_s), 50))).astype(np.float64)


def _warm(rng: np.random.Generator, t_s: F64) -> F64:
    """A temperature: by day, on a weather that wanders."""
    n = len(t_s)
    return 20 + rng.uniform(0, 4) * _day(t_s) + 2 * _smooth(rng, n, rng.uniform(100, 600)) + rng.normal(0, 0.15, n)


def _road(rng: np.random.Generator, t_s: F64) -> F64:
    """Traffic on a road: by day, rough, with short jams."""
    n = len(t_s)
    jams = np.convolve(rng.random(n) < 0.01, np.linspace(1, 0, 6))[:n]
    return np.maximum(70 - 12 * _day(t_s) - 15 * jams * rng.random(n) + 4 * _smooth(rng, n, 3), 0).round()


def _delay(rng: np.random.Generator, t_s: F64) -> F64:
    """How long answers take: skewed, with a slow change."""
    n = len(t_s)
    return 20 * np.exp(0.3 * _smooth(rng, n, 30) + rng.uniform(0.1, 0.5) * rng.normal(0, 1, n))


def _cycle(rng: np.random.Generator, t_s: F64) -> F64:
    """A machine that goes on and off, never quite as long."""
    lengths = rng.normal(rng.uniform(8, 60), 2, len(t_s)).clip(3).astype(np.int64)
    on = np.repeat(np.arange(len(lengths)) % 2, lengths)[: len(t_s)]
    return on * rng.uniform(20, 60) + 10 + rng.normal(0, 0.7, len(t_s))


def _store(rng: np.random.Generator, t_s: F64) -> F64:
    """A store that fills and is emptied."""
    slope, size = rng.uniform(0.2, 1.5), rng.uniform(60, 120)
    return (np.cumsum(slope * rng.gamma(4, 0.25, len(t_s))) % size) + rng.normal(0, 0.5, len(t_s))


def _price(rng: np.random.Generator, t_s: F64) -> F64:
    """An average of few: noisy, with strays."""
    n = len(t_s)
    strays = (rng.random(n) < 0.01) * rng.exponential(0.5, n)
    return np.maximum(0.6 + 0.1 * _day(t_s) + 0.1 * _smooth(rng, n, 10) + strays, 0.02)


def _words(rng: np.random.Generator, t_s: F64) -> F64:
    """How often something is mentioned: rare events that draw others."""
    n = len(t_s)
    echo = np.convolve(rng.poisson(0.02, n) * rng.pareto(2.0, n) * 4, np.exp(-np.arange(30) / 6))[:n]
    return rng.poisson(rng.uniform(1, 30) * (0.3 + _day(t_s)) + echo).astype(np.float64)


def _step(value: F64) -> float:
    """How far the series usually is from its median; never 0."""
    return float(np.percentile(np.abs(value - np.median(value)), 80)) + 1e-9


def _length(rng: np.random.Generator, value: F64) -> int:
    return int(len(value) * rng.uniform(0.01, 0.04))


def _spike(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    value[at : at + int(rng.integers(1, 4))] += rng.choice([-1, 1]) * rng.uniform(4, 8) * _step(value)


def _level(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    value[at : at + _length(rng, value)] += rng.choice([-1, 1]) * rng.uniform(1.2, 3) * _step(value)


def _shaken(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    part = value[at : at + _length(rng, value)]
    part += rng.uniform(1, 2.5) * _step(value) * rng.normal(0, 1, len(part))


def _flat(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    value[at : at + _length(rng, value)] = value[at]


def _shifted(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    """The hours are wrong: what was read about half a day before comes again."""
    back = min(int(0.5 * DAY_S / (t_s[1] - t_s[0])) + int(rng.integers(-2, 3)), at)
    length = min(max(_length(rng, value), 8), len(value) - at)
    value[at : at + length] = np.resize(value[at - back : at], length)


def _drift(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    part = value[at : at + 2 * _length(rng, value)]
    part += rng.choice([-1, 1]) * rng.uniform(3, 6) * _step(value) * np.linspace(0, 1, len(part)) ** 2


def _dead(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    """A fall to the lowest that was ever read, or a bit below."""
    part = value[at : at + int(rng.integers(2, 30))]
    part[:] = value.min() - rng.choice([0.0, 1.0]) * _step(value)


def _dense(rng: np.random.Generator, value: F64, t_s: F64, at: int) -> None:
    """High readings of the past, one after the other."""
    high = np.flatnonzero(value[:at] >= np.percentile(value[:at], 90))
    part = value[at : at + int(rng.integers(10, 40))]
    part[:] = value[rng.choice(high, len(part))]


BASES: dict[str, Base] = {
    "load": _load,
    "busy": _busy,
    "warm": _warm,
    "road": _road,
    "delay": _delay,
    "cycle": _cycle,
    "store": _store,
    "price": _price,
    "words": _words,
}
FAULTS: tuple[Fault, ...] = (_spike, _level, _shaken, _flat, _shifted, _drift, _dead, _dense)
