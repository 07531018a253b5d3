"""How much motions of tracks are alike: the covariance of the Gaussian process behind a flow map.

A sum of two normal curves. The first is narrow, over place, direction and speed; the second is wide, and over the
history as well. Squares of differences are taken as one product of matrices, so a look-up costs as much as its
exponentials do. Letters: n motions, S samples of the window, C motions that they are held against.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

NEAR, BEND, PACE = 2.5, 0.5, 0.5  # standard deviations of the first: lengths, radians, logarithm of the speed
FAR, WIDE, SHAPE = 7.0, 0.8, 1.0  # of the second: lengths; radians and logarithm; steps of the history
AT_ONCE = 32  # motions that are compared at a time: what that takes stays in the cache
MOTION = 5  # columns before the history: x, y, direction, logarithm of speed in lengths per second, length


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """C motions, ready to be held against."""

    origin: F64  # (2,) their middle: near it, squares are small and their differences exact
    direction: F64  # (C,)
    factor: F64  # (8 + 2 S, 2 C) of exponents without the direction; the first kernel, then the second

    def __len__(self) -> int:
        return len(self.direction)


def terms(motion: F64) -> Terms:
    """Of motions (C, 5 + 2 S), which may be none."""
    c = len(motion)
    origin = motion[:, :2].mean(axis=0) if c else np.zeros(2)
    place, pace, history = motion[:, :2] - origin, motion[:, 3], motion[:, MOTION:]
    far_off, quick = (place**2).sum(axis=1), pace**2
    factor = np.zeros((8 + history.shape[1], 2, c))
    factor[0, 0] = factor[1, 1] = 1.0
    for at, width, tempo in ((0, NEAR, PACE), (1, FAR, WIDE)):
        factor[2:4, at] = place.T / width**2
        factor[4, at] = -0.5 * far_off / width**2
        factor[5, at] = pace / tempo**2
        factor[6, at] = -0.5 * quick / tempo**2
    factor[7, 1] = -0.5 * (history**2).sum(axis=1) / SHAPE**2
    factor[8:, 1] = history.T / SHAPE**2
    return Terms(origin, motion[:, 2], factor.reshape(len(factor), 2 * c))


def kernel(one: F64, other: Terms) -> F64:
    """(n, C) how much motions (n, 5 + 2 S) are like others, 0..2; lengths are those of the first."""
    found = np.empty((len(one), len(other)))
    rows = _rows(one, other.origin)
    for begin in range(0, len(one), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        turn = np.abs(one[some, 2, None] - other.direction)
        turn -= np.pi
        np.abs(turn, out=turn)
        turn -= np.pi  # what is left to the nearer side
        turn *= turn
        power = (rows[some] @ other.factor).reshape(len(turn), 2, len(other))
        power[:, 1] -= turn * (0.5 / WIDE**2)
        turn *= 0.5 / BEND**2
        power[:, 0] -= turn
        np.minimum(power, 0.0, out=power)  # differences of large squares are rounded
        np.exp(power, out=power)
        np.add(power[:, 0], power[:, 1], out=found[some])
    return found


def _rows(motion: F64, origin: F64) -> F64:
    """(n, 8 + 2 S) what `Terms.factor` is multiplied by."""
    place, pace, history = motion[:, :2] - origin, motion[:, 3], motion[:, MOTION:]
    per_square = 1.0 / (motion[:, 4] * motion[:, 4])
    far_off, quick = np.einsum("na,na->n", place, place) * per_square, pace * pace
    bent = np.einsum("na,na->n", history, history)
    rows = np.empty((len(motion), 8 + history.shape[1]))
    rows[:, 0] = far_off * (-0.5 / NEAR**2) - quick * (0.5 / PACE**2)
    rows[:, 1] = far_off * (-0.5 / FAR**2) - quick * (0.5 / WIDE**2) - bent * (0.5 / SHAPE**2)
    rows[:, 2:4] = place * per_square[:, None]
    rows[:, 4], rows[:, 5], rows[:, 6:8] = per_square, pace, 1.0
    rows[:, 8:] = history
    return rows
