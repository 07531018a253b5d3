"""The error above which a window is out of the ordinary, set so that a promised share of usual windows lies above it.

Windows overlap and errors drift, so that a thousand of them may tell no more than ten that lie apart. It is as so many
that they count: the share is promised of new windows, not of those that were looked at.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edge.contracts.types import F64

LEAST = 5  # windows that lie apart; fewer do not tell how much errors spread
SURE = 0.99  # that usual windows are not told of as changed
MANY = 20  # alarms expected: from there on chance makes less of a difference than what is borne anyway
TIED = 0.05  # correlation below which windows count as apart
SMALLEST = 1e-12  # error whose logarithm is still taken


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold, and what it rests on."""

    error: float
    quantile: float  # share of usual windows that are to stay below it
    apart: float  # number of independent windows that the ones it was taken from are worth
    widened: bool  # those were too few for the quantile itself: it lies beyond all of them

    @property
    def sound(self) -> bool:
        """Whether the windows sufficed."""
        return self.apart >= LEAST

    def words(self) -> str:
        """In a line."""
        how = "their quantile" if not self.widened else "beyond them all, for so few do not hold that quantile"
        return f"{self.error:.4g} was set by windows worth {self.apart:.1f} independent ones: {how}"


def threshold_of(errors: F64, disjoint: int, quantile: float) -> Threshold:
    """The threshold from errors (n,) of usual windows, in the order of time.

    With enough windows it is their quantile, moved out by what so many may be wrong (the order statistic of conformal
    prediction: Vovk et al., "Algorithmic learning in a random world", 2005). With fewer it is the bound of the next
    one of a log-normal distribution, by Student's t.

    Args:
        errors: of windows that the network did not learn from.
        disjoint: number of them that share no sample.
        quantile: share of usual windows that are to stay below.
    """
    apart = min(independent(errors), float(disjoint))
    level = quantile * (1 + 1 / apart)
    if level <= 1:
        return Threshold(float(np.quantile(errors, level)), quantile, apart, widened=False)
    size = np.log(np.maximum(errors, SMALLEST))
    counted = max(apart, LEAST)
    spread = float(size.std()) * math.sqrt((counted + 1) / (counted - 1))
    bound = math.exp(float(size.mean()) + student(counted - 1, quantile) * spread)
    return Threshold(max(bound, float(errors.max())), quantile, apart, widened=True)


def most_alarms(share: float, apart: int, times: float) -> float:
    """The largest share of windows above a threshold that is no sign of change: more has a chance below 1 %.

    Args:
        share: that is promised.
        apart: number of independent windows that were looked at.
        times: as often as promised is borne, however many were looked at.
    """
    if apart * share > MANY:
        return times * share
    chance = below = (1 - share) ** apart
    alarms = 0
    while below < SURE and alarms < apart:
        chance *= (apart - alarms) / (alarms + 1) * share / (1 - share)
        alarms += 1
        below += chance
    return max(times * share, alarms / max(apart, 1))


def independent(errors: F64) -> float:
    """How many independent windows n of them, in the order of time, are worth: n / (1 + 2 sum of correlations)."""
    size = np.log(np.maximum(errors, SMALLEST))
    off = size - size.mean()
    count = len(off)
    total = float(off @ off)
    if total < SMALLEST:
        return float(count)
    padded = np.fft.rfft(off, 2 * count)
    correlation = np.fft.irfft(padded * padded.conj(), 2 * count)[:count] / total
    loose = np.flatnonzero(correlation < TIED)
    end = int(loose[0]) if len(loose) else count
    return count / (1 + 2 * float(correlation[1:end].sum()))


def student(freedom: float, quantile: float) -> float:
    """A quantile of Student's t (Abramowitz and Stegun, 26.7.5); within 1 % from 4 degrees of freedom on."""
    z = NormalDist().inv_cdf(quantile)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
