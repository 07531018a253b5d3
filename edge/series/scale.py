"""Running mean and spread of each channel."""

from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, Mask

WIDEST = 5.0  # standard deviations at which a value is cut for the learner
WILD = 10.0  # standard deviations beyond which a value counts no more than one there
KNOWN = 30.0  # values before any is wild
OFTEN, USUAL = 0.5, 0.1  # share of wild ones that is the new order of things; how fast that is seen
ANEW = 20.0  # values that the old order then still counts for


class Scale:
    """Exponentially forgetting mean and standard deviation; all that is learnt is learnt in these units.

    Args:
        channels: C.
        memory: steps.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("count", "mean", "variance", "wild")

    def __init__(self, channels: int, memory: int) -> None:
        self._slowest = 1.0 / memory
        self.count: F64 = np.zeros(channels)
        self.mean: F64 = np.zeros(channels)
        self.variance: F64 = np.zeros(channels)
        self.wild: F64 = np.zeros(channels)  # share of wild values lately

    def update(self, values: F64, known: Mask) -> None:
        """Take in values (C,) where they are known. A wild one counts little, unless many are."""
        off = values - self.mean
        cut = np.where(self.count > KNOWN, WILD * self.sd, np.inf)
        self.wild += np.where(known, USUAL * ((np.abs(off) > cut) - self.wild), 0.0)
        anew = self.wild > OFTEN
        self.count = np.where(anew, np.minimum(self.count, ANEW), self.count) + known
        rate = np.where(known, np.maximum(1.0 / np.maximum(self.count, 1.0), self._slowest), 0.0)
        off = np.where(anew, off, np.clip(off, -cut, cut))
        self.mean += rate * off
        self.variance = np.where(known, (1.0 - rate) * (self.variance + rate * off * off), self.variance)

    @property
    def sd(self) -> F64:
        """(C,) never nothing: a constant channel has the least that its numbers can tell apart."""
        return np.sqrt(self.variance) + 1e-9 * np.abs(self.mean) + 1e-12

    def scaled(self, values: F64) -> F64:
        """(C,) in standard deviations from the mean, cut at `WIDEST`."""
        return np.clip((values - self.mean) / self.sd, -WIDEST, WIDEST)
