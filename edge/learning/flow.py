"""Makes a flow map of samples: the cells in which paths went, and by how much they were foreseen wrongly."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.flow_map import CELLS, FlowMap, apart, motions, moves
from edge.contracts.types import F32, F64, Mask

WITHIN = 1.0  # squared distance to the first of a cell, in standard deviations of the kernel, that is of the cell


def flow_map(place: F32, residual: F64, known: Mask, group: Sequence[str]) -> FlowMap:
    """Of n samples; those that do not move, or of which nothing is known, tell nothing.

    Cells are found by the leader algorithm (Hartigan, "Clustering algorithms", 1975). In each cell every track counts
    once, however long it was there. When all cells are taken, samples far from all of them are left out.

    Args:
        place: (n, 8) see `edge.contracts.flow_map.places`; the newest last.
        residual: (n, K, 2) where tracks were, less where they were foreseen, in lengths of the object.
        known: (n, K) of which horizons that is known.
        group: (n,) the track of each sample; "" = one of its own.
    """
    rows = np.flatnonzero(moves(place) & known.any(axis=1))[::-1]
    motion, k = motions(place[rows]), known.shape[1]
    cell = _cells(motion)
    rows, motion, cell = rows[cell >= 0], motion[cell >= 0], cell[cell >= 0]
    if not len(rows):
        return FlowMap(np.zeros((0, 5)), np.zeros((0, k)), np.zeros((0, k, 2)))
    names = [group[row] or f"\0{row}" for row in rows]
    visit = np.unique(np.stack([cell, np.unique(names, return_inverse=True)[1]]), axis=1, return_inverse=True)
    of_visit, visit_of = visit[0][0], visit[1].reshape(-1)
    heard = known[rows].astype(np.float64)
    told = np.where(known[rows, :, None], residual[rows], 0.0)
    times, total = _summed(visit_of, heard, len(of_visit)), _summed(visit_of, told, len(of_visit))
    mean = total / np.maximum(times, 1)[..., None]
    there = (times > 0).astype(np.float64)
    count = int(cell.max()) + 1
    tracks, off = _summed(of_visit, there, count), _summed(of_visit, mean, count)
    return FlowMap(_centres(motion, cell, count), tracks, off / np.maximum(tracks, 1)[..., None])


def _cells(motion: F64) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """(n,) the cell of each motion (n, 5), -1 where there is none left for it."""
    leader, count = np.empty((CELLS, 5)), 0
    cell = np.full(len(motion), -1)
    for row, one in enumerate(motion):
        near = apart(one[None], leader[:count])[0] if count else np.zeros(0)
        best = int(near.argmin()) if count else -1
        if count and near[best] <= WITHIN:
            cell[row] = best
        elif count < CELLS:
            leader[count], cell[row], count = one, count, count + 1
    return cell


def _centres(motion: F64, cell: "np.ndarray[tuple[int], np.dtype[np.intp]]", count: int) -> F64:
    """(C, 5) means of the motions in each cell."""
    turned = np.exp(1j * motion[:, 2])
    parts = np.stack([motion[:, 0], motion[:, 1], turned.real, turned.imag, motion[:, 3], motion[:, 4]], axis=1)
    mean = _summed(cell, parts, count) / np.bincount(cell, minlength=count)[:, None]
    return np.stack([mean[:, 0], mean[:, 1], np.arctan2(mean[:, 3], mean[:, 2]), mean[:, 4], mean[:, 5]], axis=1)


def _summed(number: "np.ndarray[tuple[int], np.dtype[np.intp]]", each: F64, count: int) -> F64:
    """(count, ...) sums of the rows of each number."""
    found = np.zeros((count, *each.shape[1:]))
    np.add.at(found, number, each)
    return found
