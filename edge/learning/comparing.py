"""Whether one is better than another on the same samples, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

DRAWS = 400
LOW = 0.1  # quantile of the draws: nine of ten say that the gain is at least this
FEWEST_GROUPS = 4  # fewer say nothing about others


@dataclass(frozen=True, slots=True)
class Gain:
    """How much smaller the mean error of one is, as a share of the other's."""

    mean: float
    low: float  # what it is at least, in nine of ten draws; -inf where there is too little to draw from
    samples: int


def gain(errors: F64, others: F64, alike: Sequence[str]) -> Gain:
    """Of errors (n,) against those of another on the same samples, both not negative.

    Args:
        errors: (n,) of one.
        others: (n,) of the other.
        alike: (n,) samples of one name count as one, see `edge.learning.division.alike`.
    """
    if not len(errors):
        return Gain(0.0, -np.inf, 0)
    names, number = np.unique(np.array(alike), return_inverse=True)
    mine, theirs = (np.bincount(number, one, len(names)).astype(np.float64) for one in (errors, others))
    return Gain(_share(mine.sum(), theirs.sum()), least_gain(mine, theirs), len(errors))


def least_gain(mine: F64, theirs: F64) -> float:
    """What the gain is at least, in nine of ten draws, of sums of errors (G,) of groups; -inf of too few groups.

    By the paired bootstrap over groups (Efron and Tibshirani, "An introduction to the bootstrap", 1993): samples of one
    track are far from independent of each other, and so are windows that overlap. The draws are always the same.
    """
    count = len(mine)
    if count < FEWEST_GROUPS:
        return -np.inf
    times = np.random.default_rng(count).multinomial(count, np.full(count, 1.0 / count), DRAWS)
    drawn = [_share(one, other) for one, other in zip(times @ mine, times @ theirs, strict=True)]
    return float(np.quantile(drawn, LOW))


def _share(mine: float, theirs: float) -> float:
    """1 - mine / theirs, 0 where both are nothing."""
    if theirs <= 0:
        return 0.0 if mine <= 0 else -1.0
    return float(1 - mine / theirs)
