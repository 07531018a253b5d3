"""How much of a signal is lost: of what comes out of a layer over many pictures, channel by channel.

The loss of a channel is the power of the difference over the variance of the reference, at most 1. The loss of a layer
is their mean, however loud each is: what follows may turn the quiet ones up again. In the sum over all of them, quiet
channels beside a loud one, or probabilities beside pixels, could die and nothing would show.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

QUIET = 1e-12  # less variance carries nothing
ALIVE = 1e-3  # of the loudest channel's deviation: quieter ones are leftovers
HUGE = 1e18  # what is no number at all


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """What is kept of a layer."""

    count: int
    total: F64  # (C,) sum of the reference
    power: F64  # (C,) sum of its squares
    noise: F64  # (C,) sum of the squares of the difference

    def __add__(self, other: "Signal") -> "Signal":
        return Signal(
            self.count + other.count, self.total + other.total, self.power + other.power, self.noise + other.noise
        )

    @property
    def variance(self) -> F64:
        """(C,) of the reference."""
        return np.maximum(self.power / self.count - (self.total / self.count) ** 2, 0.0)

    @property
    def loss(self) -> float:
        """0 = the same, 1 = nothing is left of it."""
        noise, variance = self.noise / self.count, self.variance
        if variance.max(initial=0.0) <= QUIET:
            return float(noise.max(initial=0.0) > QUIET)
        alive = variance > max(QUIET, float(variance.max()) * ALIVE**2)
        return float(np.minimum(noise[alive] / variance[alive], 1.0).mean())

    @property
    def decibels(self) -> float:
        """Signal to noise of the whole layer; inf where there is no difference."""
        noise, numbers = float(self.noise.sum()), self.count * len(self.noise)
        spread = float(self.power.sum()) / numbers - (float(self.total.sum()) / numbers) ** 2
        return float(10 * np.log10(max(spread, QUIET) * numbers / noise)) if noise > 0 else float("inf")


def as_one(values: F64) -> F64:
    """Channels of one unit (N, C) as one (N * C, 1): of probabilities, a class that is on no picture says nothing."""
    return values.reshape(-1, 1)


def compared(reference: F64, other: F64) -> Signal:
    """Two columns of channels, (N, C) each. What is no number counts as wholly lost."""
    difference = np.nan_to_num(other, nan=HUGE, posinf=HUGE, neginf=-HUGE) - reference
    return Signal(len(reference), reference.sum(axis=0), (reference**2).sum(axis=0), (difference**2).sum(axis=0))
