"""Forecasts that wait for their truth."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, I64, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What was known and said K horizons ago, one row for each horizon."""

    there: Mask  # (K,)
    value: F64  # (K, C)
    base: F64  # (K, C)
    candidates: F64  # (M, K, C)
    served: F64  # (K, C)
    sigma: F64  # (K, C)
    features: F64  # (K, D)
    gain: F64  # (K, D)


class Waiting:
    """A ring as long as the longest horizon.

    Args:
        steps: (K,) the horizons.
        channels: C.
        candidates: M.
        features: D.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "at",
        "there",
        "value",
        "base",
        "candidates",
        "served",
        "sigma",
        "features",
        "gain",
    )

    def __init__(self, steps: I64, channels: int, candidates: int, features: int) -> None:
        length, horizons = int(steps.max()) + 1, len(steps)
        self._steps, self._rows = steps, np.arange(horizons)
        self.at: I64 = np.zeros(1, np.int64)  # where the next one goes
        self.there: Mask = np.zeros(length, np.bool_)
        self.value: F64 = np.zeros((length, channels))
        self.base: F64 = np.zeros((length, horizons, channels))
        self.candidates: F64 = np.zeros((length, candidates, horizons, channels))
        self.served: F64 = np.zeros((length, horizons, channels))
        self.sigma: F64 = np.ones((length, horizons, channels))
        self.features: F64 = np.zeros((length, features))
        self.gain: F64 = np.zeros((length, features))

    def due(self) -> Due:
        """Of each horizon the forecast that was made for now; `put` has not been called for now."""
        then, rows = (int(self.at[0]) - self._steps) % len(self.there), self._rows
        return Due(
            self.there[then],
            self.value[then],
            self.base[then, rows],
            self.candidates[then, :, rows].swapaxes(0, 1),
            self.served[then, rows],
            self.sigma[then, rows],
            self.features[then],
            self.gain[then],
        )

    def put(self, value: F64, said: tuple[F64, F64, F64, F64], learnt: tuple[F64, F64]) -> None:
        """Keep what is known and said now.

        Args:
            value: (C,).
            said: base (K, C), candidates (M, K, C), served (K, C) and its sigma (K, C).
            learnt: features (D,) and gain (D,).
        """
        at = int(self.at[0])
        self.there[at], self.value[at] = True, value
        self.base[at], self.candidates[at], self.served[at], self.sigma[at] = said
        self.features[at], self.gain[at] = learnt
        self.at[0] = (at + 1) % len(self.there)

    def reset(self) -> None:
        """Wait for nothing any more."""
        self.there[:] = False
