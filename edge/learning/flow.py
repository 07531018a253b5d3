"""Makes flow maps of samples: the cells in which paths went, and by how much they were foreseen wrongly."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.flow_map import CELLS, FlowMap, apart, motions, moves, terms
from edge.contracts.types import F32, F64, I64, Mask

WITHIN = 1.0  # squared distance to the first of a cell, in standard deviations of the kernel, that is of the cell


class Visits:
    """Who of n samples was in which cell; those that do not move, or of which nothing is known, were in none.

    Cells are found by the leader algorithm (Hartigan, "Clustering algorithms", 1975). When all are taken, samples far
    from all of them are left out.

    Args:
        place: (n, 8) see `edge.contracts.flow_map.places`; the newest last.
        known: (n, K) of which horizons it is known what came.
        group: (n,) the track of each sample; "" = one of its own.
    """

    def __init__(self, place: F32, known: Mask, group: Sequence[str]) -> None:
        rows = np.flatnonzero(moves(place) & known.any(axis=1))[::-1]
        motion = motions(place[rows])
        cell = _cells(motion)
        self._rows, motion, cell = rows[cell >= 0], motion[cell >= 0], cell[cell >= 0]
        self._known = known[self._rows]
        self._cell = _centres(motion, cell)
        names = [group[row] or f"\0{row}" for row in self._rows]
        pairs = np.stack([cell, np.unique(names, return_inverse=True)[1].astype(np.int64)])
        visits, visit = np.unique(pairs, axis=1, return_inverse=True)
        self._cell_of, self._visit = visits[0], visit.reshape(-1)  # of each visit the cell, of each row the visit

    def flow_map(self, residual: F64) -> FlowMap:
        """In each cell every track counts once, however long it was there.

        Args:
            residual: (n, K, 2) where tracks were, less where they were foreseen, in lengths of the object.
        """
        told = np.where(self._known[..., None], residual[self._rows], 0.0)
        times = _summed(self._visit, self._known.astype(np.float64), len(self._cell_of))
        mean = _summed(self._visit, told, len(self._cell_of)) / np.maximum(times, 1)[..., None]
        tracks = _summed(self._cell_of, (times > 0).astype(np.float64), len(self._cell))
        off = _summed(self._cell_of, mean, len(self._cell))
        return FlowMap(self._cell, tracks, off / np.maximum(tracks, 1)[..., None])


def _cells(motion: F64) -> I64:
    """(n,) the cell of each motion (n, 5), -1 where there is none left for it."""
    leader, count = np.empty((7, CELLS)), 0
    cell = np.full(len(motion), -1, np.int64)
    for row in range(len(motion)):
        one = motion[row : row + 1]
        near = apart(one, leader[:, :count])[0]
        if count and near.min() <= WITHIN:
            cell[row] = near.argmin()
        elif count < CELLS:
            leader[:, count], cell[row], count = terms(one)[:, 0], count, count + 1
    return cell


def _centres(motion: F64, cell: I64) -> F64:
    """(C, 5) means of the motions in each cell."""
    turned = np.exp(1j * motion[:, 2])
    parts = np.stack([motion[:, 0], motion[:, 1], turned.real, turned.imag, motion[:, 3], motion[:, 4]], axis=1)
    count = int(cell.max(initial=-1)) + 1
    mean = _summed(cell, parts, count) / np.bincount(cell, minlength=count)[:, None]
    return np.stack([mean[:, 0], mean[:, 1], np.arctan2(mean[:, 3], mean[:, 2]), mean[:, 4], mean[:, 5]], axis=1)


def _summed(number: I64, each: F64, count: int) -> F64:
    """(count, ...) sums of the rows of each number."""
    found = np.zeros((count, *each.shape[1:]))
    np.add.at(found, number, each)
    return found
