"""What forecasts of a series are worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32, F64, I64, Mask
from trainer.series.windows import Windows

INSIDE = 0.6827  # share of a normal distribution within one standard deviation
LONGEST_SEASON = 2048


@dataclass(frozen=True, slots=True)
class Score:
    """Means over windows, horizons and channels, in standard deviations of the training part."""

    mse: float
    mae: float
    nll: float  # of a Gaussian; NaN where there is no sigma
    coverage: float  # share of truths within one sigma; NaN where there is none

    def figures(self) -> Mapping[str, float]:
        """Those that are numbers, by name."""
        each = {"mse": self.mse, "mae": self.mae, "nll": self.nll, "coverage": self.coverage}
        return {name: value for name, value in each.items() if np.isfinite(value)}


def score(mean: F32, log_sigma: F32, future: F32, known: Mask) -> Score:
    """Of forecasts (n, K, C) and what came; values that were filled in do not count. No log sigma: (0, K, C)."""
    off = (mean.astype(np.float64) - future)[known]
    if not len(off):
        return Score(np.nan, np.nan, np.nan, np.nan)
    mse, mae = float((off**2).mean()), float(np.abs(off).mean())
    if not len(log_sigma):
        return Score(mse, mae, np.nan, np.nan)
    log = np.clip(log_sigma.astype(np.float64), -20, 20)[known]
    nll = float((0.5 * off**2 * np.exp(-2 * log) + log).mean() + 0.5 * np.log(2 * np.pi))
    return Score(mse, mae, nll, float((np.abs(off) <= np.exp(log)).mean()))


def served(runtime: Runtime, windows: Windows, origin: I64) -> tuple[F32, F32]:
    """Mean and log sigma (n, K, C) as the device computes them."""
    bundle = runtime.bundle
    means, sigmas = [], []
    for past in windows.past(origin):
        raw = runtime.invoke(stored(past[None], bundle.input.tensor))
        means.append(real(raw[0], bundle.outputs[0])[0])
        sigmas.append(real(raw[1], bundle.outputs[1])[0])
    return np.array(means, np.float32), np.array(sigmas, np.float32)


def persistence(windows: Windows, origin: I64) -> F32:
    """(n, K, C): the newest value stays."""
    newest = windows.values[origin][:, None]
    return np.broadcast_to(newest, (len(origin), len(windows.horizons), newest.shape[-1]))


def seasonal_naive(windows: Windows, origin: I64, season: int) -> F32:
    """(n, K, C): what was a whole number of seasons before."""
    back = -(-windows.horizons // season) * season
    return windows.values[np.maximum(origin[:, None] + windows.horizons - back, 0)]


def season_of(values: F64) -> int:
    """Steps after which values (T, C) resemble themselves most, 0 where they do not (by autocorrelation)."""
    centred = values - values.mean(axis=0)
    size = 1 << int(2 * len(centred) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2
    together = np.fft.irfft(power / np.maximum(power.sum(axis=0), 1e-12), axis=0).sum(axis=1)[: len(centred) // 3]
    together = together / max(together[0], 1e-12) if len(together) else together
    rises = [
        lag for lag in range(2, min(len(together) - 1, LONGEST_SEASON)) if together[lag - 1 : lag + 2].argmax() == 1
    ]
    best = max(rises, key=lambda lag: float(together[lag]), default=0)
    return best if best and together[best] > 0.1 else 0
