"""Where tracks may be: a mixture of round normal distributions at each horizon. T tracks, M modes, K horizons."""

from dataclasses import dataclass

import numpy as np

from edge.contracts.told_sigma import told_sigma
from edge.contracts.types import F64


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """Several futures of each track ("left or right"), each a path with its own uncertainty."""

    weight: F64  # (T, M) sums to 1
    mean: F64  # (T, M, K, 2)
    sigma: F64  # (T, M, K) standard deviation of each mode along either axis

    def __len__(self) -> int:
        return len(self.weight)

    def point(self) -> F64:
        """(T, K, 2) the one position that is wrong by least on average: between the modes."""
        return (self.weight[:, :, None, None] * self.mean).sum(axis=1)

    def likeliest(self) -> F64:
        """(T, K, 2) the path of the likeliest mode."""
        return self.mean[np.arange(len(self)), self.weight.argmax(axis=1)]

    def told_sigma(self) -> F64:
        """(T, K) what is told of all modes together: 68 % lies within it of `point`, along an axis."""
        return told_sigma(self.weight, self.mean - self.point()[:, None], self.sigma)

    def drawn(self, count: int, random: np.random.Generator) -> F64:
        """(T, count, K, 2) futures by chance: a mode each, then one stray of the whole path, growing with sigma."""
        t, m = self.weight.shape
        upper = self.weight.cumsum(axis=1)
        mode = (random.random((t, count, 1)) * upper[:, None, -1:] > upper[:, None]).sum(axis=2).clip(0, m - 1)
        row = np.arange(t)[:, None]
        stray = random.normal(size=(t, count, 1, 2)) * self.sigma[row, mode][..., None]
        return self.mean[row, mode] + stray
