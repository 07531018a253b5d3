"""Rows of numbers that an earlier run kept on disk, and that a bad disk may have changed."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64

LARGEST = 1e120  # squares of what sensors may read are far smaller, and its own square is a number still


def kept_rows(state: Sequence[Sequence[float]], sizes: Sequence[int], positive: Sequence[int], what: str) -> list[F64]:
    """The rows as arrays.

    Args:
        state: as it was kept.
        sizes: of each row.
        positive: the rows without numbers below 0: counts, squares.
        what: of which they are the memory, for people.

    Raises:
        ValueError: it is of another form, or holds what was never kept.
    """
    found = [np.array(row, np.float64) for row in state]
    if [row.shape for row in found] != [(size,) for size in sizes]:
        raise ValueError(f"{what} is of another form")
    sane = all((np.abs(row) <= LARGEST).all() for row in found) and all((found[at] >= 0).all() for at in positive)
    if not sane:
        raise ValueError(f"{what} holds impossible numbers")
    return found
