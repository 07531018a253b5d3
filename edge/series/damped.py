"""The forecast to beat: the newest value, drawn to the mean as much as that has been right."""

from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, Mask


class Damped:
    """Damped persistence: `mean + r (value - mean)`, r in 0..1 per horizon and channel, by forgetting least squares.

    Args:
        horizons: K.
        channels: C.
        memory: steps.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("cross", "square")

    def __init__(self, horizons: int, channels: int, memory: int) -> None:
        self._kept = 1.0 - 1.0 / memory
        self.cross: F64 = np.ones((horizons, channels))
        self.square: F64 = np.ones((horizons, channels))

    def learn(self, then: F64, now: F64, seen: Mask) -> None:
        """Take in pairs (K, C), in standard deviations from the mean: what was read, and what came of it."""
        self.cross = np.where(seen, self._kept * self.cross + then * now, self.cross)
        self.square = np.where(seen, self._kept * self.square + then * then, self.square)

    def ahead(self, values: F64, mean: F64) -> F64:
        """(K, C) from values and means (C,)."""
        return mean + np.clip(self.cross / self.square, 0.0, 1.0) * (values - mean)
