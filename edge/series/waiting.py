"""Forecasts that wait for their truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, I64, Mask


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is of what waits."""

    candidates: int  # M
    readouts: int  # R
    features: int  # D


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What was said at one time."""

    candidates: F64  # (M, K, C)
    served: F64  # (K, C)
    sigma: F64  # (K, C)
    counts: bool  # it was said of values that were read


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What was known and said K horizons ago, one row for each horizon."""

    there: Mask  # (K,)
    value: F64  # (K, C)
    candidates: F64  # (M, K, C)
    served: F64  # (K, C)
    sigma: F64  # (K, C)
    base: F64  # (R, K, C) what each read-out builds upon
    features: F64  # (K, D)
    gain: F64  # (R, K, D)


class Waiting:
    """A ring as long as the longest horizon.

    Args:
        steps: (K,) the horizons.
        channels: C.
        sizes: of the rest.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "at",
        "there",
        "value",
        "candidates",
        "served",
        "sigma",
        "base",
        "features",
        "gain",
    )

    def __init__(self, steps: I64, channels: int, sizes: Sizes) -> None:
        length, path = int(steps.max()) + 1, (len(steps), channels)
        self._steps, self._rows = steps, np.arange(len(steps))
        self.at: I64 = np.zeros(1, np.int64)  # where the next one goes
        self.there: Mask = np.zeros(length, np.bool_)
        self.value: F64 = np.zeros((length, channels))
        self.candidates: F64 = np.zeros((length, sizes.candidates, *path))
        self.served: F64 = np.zeros((length, *path))
        self.sigma: F64 = np.ones((length, *path))
        self.base: F64 = np.zeros((length, sizes.readouts, *path))
        self.features: F64 = np.zeros((length, sizes.features))
        self.gain: F64 = np.zeros((length, sizes.readouts, sizes.features))

    def due(self) -> Due:
        """Of each horizon the forecast that was made for now; `put` has not been called for now."""
        then, rows = (int(self.at[0]) - self._steps) % len(self.there), self._rows
        return Due(
            self.there[then],
            self.value[then],
            self.candidates[then, :, rows].swapaxes(0, 1),
            self.served[then, rows],
            self.sigma[then, rows],
            self.base[then, :, rows].swapaxes(0, 1),
            self.features[then],
            self.gain[then].swapaxes(0, 1),
        )

    def put(self, value: F64, said: Said, bases: Sequence[F64], features: F64, gains: Sequence[F64]) -> None:
        """Keep what is known and said now.

        Args:
            value: (C,).
            said: the forecasts.
            bases: (K, C) of each read-out.
            features: (D,).
            gains: (D,) of each read-out.
        """
        at = int(self.at[0])
        self.there[at], self.value[at], self.features[at] = said.counts, value, features
        self.candidates[at], self.served[at], self.sigma[at] = said.candidates, said.served, said.sigma
        for number, (base, gain) in enumerate(zip(bases, gains, strict=True)):
            self.base[at, number], self.gain[at, number] = base, gain
        self.at[0] = (at + 1) % len(self.there)

    def reset(self) -> None:
        """Wait for nothing any more."""
        self.there[:] = False
