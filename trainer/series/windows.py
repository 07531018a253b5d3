"""Windows of a series, gathered when they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F32, F64, I64, Mask
from edge.contracts.windows import Scaling, SeriesWindow
from trainer.series.regular import Series

LEAST_SD = 1e-6  # of a channel that hardly moves, in units of its size


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """A series in the units of the network, and how windows are cut from it."""

    values: F32  # (T, C) scaled
    known: Mask  # (T, C)
    samples: int  # S
    horizons: I64  # (K,)

    def past(self, origin: I64) -> F32:
        """(B, S, C) up to and with the origins (B,)."""
        return self.values[origin[:, None] + np.arange(1 - self.samples, 1)]

    def future(self, origin: I64) -> tuple[F32, Mask]:
        """(B, K, C) what came, and whether that was read or filled in."""
        at = origin[:, None] + self.horizons
        return self.values[at], self.known[at]


def measured_window(series: Series, rows: I64, samples: int, horizons: Sequence[int]) -> SeriesWindow:
    """What the network takes, its scaling measured on these rows of the series."""
    mean, std = scales(series.values[rows])
    return SeriesWindow(
        series.channels,
        samples,
        series.step_s,
        Scaling.FIXED,
        tuple(mean.tolist()),
        tuple(std.tolist()),
        tuple(horizons),
    )


def scales(values: F64) -> tuple[F64, F64]:
    """Mean and standard deviation (C,) of values (T, C); a channel that never moves is left in its own units."""
    mean, std = values.mean(axis=0), values.std(axis=0)
    return mean, np.where(std > LEAST_SD * (np.abs(mean) + LEAST_SD), std, 1.0)


def windows_of(series: Series, window: SeriesWindow) -> Windows:
    """The series as the network sees it."""
    scaled = (series.values - np.array(window.mean)) / np.array(window.std)
    return Windows(scaled.astype(np.float32), series.known, window.samples, np.array(window.horizons, np.int64))


def some(origin: NDArray[np.int64], most: int) -> I64:
    """At most so many, evenly spread."""
    if len(origin) <= most:
        return origin
    return origin[np.linspace(0, len(origin) - 1, most).round().astype(np.int64)]
