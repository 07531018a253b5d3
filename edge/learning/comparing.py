"""Whether one is better than another on the same samples, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

DRAWS = 400
LOW = 0.1  # quantile of the draws: nine of ten say that the gain is at least this
FEWEST_GROUPS = 4  # fewer say nothing about others
BLOCK = 16  # successive samples of no group count as one


@dataclass(frozen=True, slots=True)
class Gain:
    """How much smaller the mean error of one is, as a share of the other's."""

    mean: float
    low: float  # what it is at least, in nine of ten draws; -inf where there is too little to draw from
    samples: int


def gain(errors: F64, others: F64, group: Sequence[str]) -> Gain:
    """Of errors (n,) against those of another on the same samples, both not negative.

    By the paired bootstrap over groups (Efron and Tibshirani, "An introduction to the bootstrap", 1993): samples of one
    track are far from independent of each other. The draws are always the same.
    """
    if not len(errors):
        return Gain(0.0, -np.inf, 0)
    number = _numbers(group)
    count = int(number.max()) + 1
    mine, theirs = (np.bincount(number, one, count) for one in (errors, others))
    if count < FEWEST_GROUPS:
        return Gain(_share(mine.sum(), theirs.sum()), -np.inf, len(errors))
    times = np.random.default_rng(count).multinomial(count, np.full(count, 1.0 / count), DRAWS)
    drawn = [_share(one, other) for one, other in zip(times @ mine, times @ theirs, strict=True)]
    return Gain(_share(mine.sum(), theirs.sum()), float(np.quantile(drawn, LOW)), len(errors))


def _share(mine: float, theirs: float) -> float:
    """1 - mine / theirs, 0 where both are nothing."""
    if theirs <= 0:
        return 0.0 if mine <= 0 else -1.0
    return float(1 - mine / theirs)


def _numbers(group: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """(n,) the group of each sample; samples of no group are taken in blocks, as they come."""
    names = [name or f"\0{place // BLOCK}" for place, name in enumerate(group)]
    return np.unique(names, return_inverse=True)[1]
