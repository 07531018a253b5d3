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
FORGOTTEN = 3.0  # a mean that begins is over its latest third: what was in the very beginning does not last
SWIFT = 8  # errors in the newest mean, and one more for each step of the horizon
FAILING = 4.0  # times its usual squared error, and that of another, at which a server is replaced at once
FURTHEST = 16.0  # squared error, in variances of the channel, at which one is cut there
TURN = 0.01  # how fast sigma follows the share of truths that it covers


class Referee:
    """Recent squared errors of M candidates per horizon and channel, in standard deviations of the channel.

    One serves until another has been better by `MARGIN`; who fails all at once is replaced at once. Sigma is the root
    of the server's recent squared error, over fewer errors than those that choose, times a factor that is turned until
    it covers as many truths as one standard deviation should (online quantile tracking; Gibbs and Candès, "Adaptive
    conformal inference under distribution shift", 2021).

    Args:
        candidates: M.
        steps: (K,) the horizons.
        channels: C.
        memory: errors that choose at short horizons.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("square", "recent", "swift", "count", "age", "log_factor", "serving")

    def __init__(self, candidates: int, steps: I64, channels: int, memory: int) -> None:
        horizons = len(steps)
        self._slowest = 1.0 / (memory + ALIKE * steps)[:, None]
        self._quicker = 1.0 / (LATELY + 2.0 * steps)[:, None]
        self._swiftest = 1.0 / (SWIFT + 1.0 * steps)[:, None]
        self.swift: F64 = np.ones((candidates, horizons, channels))  # of the newest ones
        self.recent: F64 = np.ones((candidates, horizons, channels))  # of fewer errors
        self.square: F64 = np.ones((candidates, horizons, channels))
        self.count: F64 = np.zeros((horizons, channels))
        self.age: F64 = np.zeros((horizons, channels))  # steps since scores began anew
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
        square, plain = np.where(seen, error * error, 0.0), seen * np.minimum(1.0, FORGOTTEN / (self.age + 1.0))
        self.square = self._followed(self.square, square, np.maximum(plain, self._slowest * seen))
        self.recent = self._followed(self.recent, square, np.maximum(plain, self._quicker * seen))
        outside = np.abs(np.where(seen, served, 0.0)) > sigma
        turned = np.where(seen & (self.count > PROVEN), TURN * (outside - (1.0 - INSIDE)), 0.0)
        self.log_factor = np.clip(self.log_factor + turned, -1.5, 1.5)
        self.swift += np.maximum(plain, self._swiftest * seen) * (np.minimum(square, FURTHEST) - self.swift)
        self._replace_failing()
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

    def _replace_failing(self) -> None:
        """Where the series has changed, what was right before says nothing of who is right now: scores begin anew."""
        failing = (self.picked(self.swift) > FAILING * self.swift.min(axis=0)) & (self.count > PROVEN)
        failing &= self.picked(self.swift) > FAILING * self.picked(self.recent)
        self.age = np.where(failing, 0.0, self.age + 1.0)
        self.square = np.where(failing, self.swift, self.square)
        self.recent = np.where(failing, self.swift, self.recent)
        self.serving = np.where(failing, self.swift.argmin(axis=0), self.serving)
