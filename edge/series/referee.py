"""Keeps score of all who forecast, and says whose forecast is served and how sure it is."""

from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, I64, Mask

MARGIN = 0.97  # a challenger's squared error must be below this share of the one's that serves
PROVEN = 30  # errors seen before anyone but the first may serve
WILD = 25.0  # squared error, in units of its mean, at which one is cut
INSIDE = 0.6827  # share of a normal distribution within one standard deviation
LEAST = 1e-6  # squared error that is as good as none
ALIKE = 8.0  # more errors that choose for each step of the horizon: those of neighbours are much the same
LATELY = 60  # errors that sigma is taken from, and two more for each step of the horizon
TURN = 0.01  # how fast sigma follows the share of truths that it covers


class Referee:
    """Recent squared errors of M candidates per horizon and channel, in standard deviations of the channel.

    The first candidate serves until another has been better by `MARGIN`. Sigma is the root of the server's recent
    squared error, over fewer errors than those that choose, times a factor that is turned until it covers as many
    truths as one standard deviation should (online quantile tracking; Gibbs and Candès, "Adaptive conformal inference
    under distribution shift", 2021).

    Args:
        candidates: M.
        steps: (K,) the horizons.
        channels: C.
        memory: errors that choose at short horizons.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("square", "recent", "count", "log_factor", "serving")

    def __init__(self, candidates: int, steps: I64, channels: int, memory: int) -> None:
        horizons = len(steps)
        self._slowest = 1.0 / (memory + ALIKE * steps)[:, None]
        self._quicker = 1.0 / (LATELY + 2.0 * steps)[:, None]
        self.recent: F64 = np.ones((candidates, horizons, channels))  # of fewer errors
        self.square: F64 = np.ones((candidates, horizons, channels))
        self.count: F64 = np.zeros((horizons, channels))
        self.log_factor: F64 = np.zeros((horizons, channels))
        self.serving: I64 = np.zeros((horizons, channels), np.int64)

    def score(self, error: F64, seen: Mask, served: F64, sigma: F64) -> None:
        """Take in what became of forecasts.

        Args:
            error: (M, K, C) of each candidate.
            seen: (K, C) where there was a forecast and a truth; the rest of all arguments is not looked at.
            served: (K, C) error of what was served.
            sigma: (K, C) of what was served.
        """
        self.count += seen
        square, plain = np.where(seen, error * error, 0.0), np.where(seen, 1.0 / (self.count + 1.0), 0.0)
        self.square = self._followed(self.square, square, np.maximum(plain, self._slowest * seen))
        self.recent = self._followed(self.recent, square, np.maximum(plain, self._quicker * seen))
        outside = np.abs(np.where(seen, served, 0.0)) > sigma
        turned = np.where(seen & (self.count > PROVEN), TURN * (outside - (1.0 - INSIDE)), 0.0)
        self.log_factor = np.clip(self.log_factor + turned, -1.5, 1.5)
        self._choose()

    def sigma(self) -> F64:
        """(K, C) of who serves, in standard deviations of the channel."""
        return np.sqrt(self.picked(self.recent)) * np.exp(self.log_factor) + 1e-9

    def picked(self, candidates: F64) -> F64:
        """(K, C) of (M, K, C): each horizon's and channel's own choice."""
        return np.take_along_axis(candidates, self.serving[None], axis=0)[0]

    def _followed(self, mean: F64, square: F64, rate: F64) -> F64:
        cut = np.where(self.count > PROVEN, WILD * mean, np.inf)
        return np.maximum(mean + rate * (np.minimum(square, cut) - mean), LEAST)

    def _choose(self) -> None:
        best = self.square.argmin(axis=0)
        better = self.square.min(axis=0) < MARGIN * self.picked(self.square)
        self.serving = np.where(better & (self.count > PROVEN), best, self.serving)
