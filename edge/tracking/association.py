"""Which detection belongs to which track: how alike two boxes are, and the best one-to-one pairing in rounds."""

from collections.abc import Sequence
from typing import NamedTuple

import lap
import numpy as np

from edge.contracts.types import F64, I64, Mask

NO_AREA = 1e-9


class Round(NamedTuple):
    """One round of pairing: the still free of the chosen rows and columns, where the pair is worth enough."""

    rows: Mask  # (T,)
    columns: Mask  # (N,)
    worth: F64  # (T, N) 0..1
    least: float


def similarity(a: F64, b: F64, reach: float) -> F64:
    """How alike boxes are, (T, N): 1 where equal, 0 where out of reach.

    The product of two overlaps, both intersection over union: that of the boxes grown by `reach` of their size on
    every side, so that small and fast objects still meet their forecast (buffered IoU: Yang et al., Hard to Track
    Objects with Irregular Motions and Similar Appearances Make It Easier by Buffering the Matching Space, WACV 2023),
    and that of their vertical extents, because people who pass each other differ in where feet and head are
    (height-modulated IoU: Yang et al., Hybrid-SORT, AAAI 2024).

    Args:
        a: (T, 2, 2) centre and size.
        b: (N, 2, 2) centre and size.
        reach: >= 0, in box sizes.
    """
    grown = 1 + 2 * reach
    apart_x, both_x, small_x = _axis(a, b, 0)
    apart_y, both_y, small_y = _axis(a, b, 1)
    low = np.minimum(both_y - apart_y, small_y)
    upright = np.maximum(low, 0) / (2 * both_y - low)
    inter = np.maximum(np.minimum(both_x * grown - apart_x, small_x * grown), 0)
    inter *= np.maximum(np.minimum(both_y * grown - apart_y, small_y * grown), 0)
    area = (a[:, 1, 0] * a[:, 1, 1])[:, None] + b[:, 1, 0] * b[:, 1, 1]
    return upright * inter / (area * grown**2 - inter + NO_AREA)


def _axis(a: F64, b: F64, axis: int) -> tuple[F64, F64, F64]:
    """Along one axis, (T, N) each: distance of the centres, half the sum of the sizes, the smaller size."""
    size_a, size_b = a[:, None, 1, axis], b[:, 1, axis]
    return np.abs(a[:, None, 0, axis] - b[:, 0, axis]), (size_a + size_b) * 0.5, np.minimum(size_a, size_b)


def pair_in_rounds(rounds: Sequence[Round]) -> tuple[I64, I64]:
    """Rows and columns of the pairs that the rounds make one after the other, each with what is left by then."""
    row_left, column_left = np.ones(len(rounds[0].rows), bool), np.ones(len(rounds[0].columns), bool)
    found: list[tuple[I64, I64]] = []
    for one in rounds:
        (row,), (column,) = (one.rows & row_left).nonzero(), (one.columns & column_left).nonzero()
        if len(row) and len(column):
            i, j = pair(one.worth[row[:, None], column], one.least)
            found.append((row[i], column[j]))
            row_left[row[i]] = column_left[column[j]] = False
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows, columns = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(columns)


def pair(worth: F64, least: float) -> tuple[I64, I64]:
    """Rows and columns of the one-to-one pairing worth most in sum; pairs not worth `least` are left out.

    The assignment problem, solved by Jonker and Volgenant's algorithm (A Shortest Augmenting Path Algorithm for Dense
    and Sparse Linear Assignment Problems, Computing 38, 1987).
    """
    _, column, _ = lap.lapjv(1 - worth, extend_cost=True, cost_limit=1 - least)
    (row,) = (column >= 0).nonzero()
    return row, column[row].astype(np.int64)
