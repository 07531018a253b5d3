"""Makes a flow map of samples: a ridge regression of how wrongly paths were foreseen, on a few hundred anchors."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.flow_map import ANCHORS, FlowMap, kernel, motions, moves, turned, ways
from edge.contracts.types import F32, F64, I64, Mask

MOST = 3000  # samples
NOISE = 10.0  # variance of a residual beside what the kernel stands for
LEAST_KNOWN = 0.5  # of the horizons; beyond what is known, a residual goes on growing as it did
WILD = 3.0  # ways of one second; a residual that is longer counts as this
JITTER = 1e-6


def flow_map(place: F32, residual: F64, known: Mask, stands: F64, group: Sequence[str], horizons_s: F64) -> FlowMap:
    """Of n samples; those that do not move, or of which too little is known, tell nothing.

    Args:
        place: (n, columns) see `edge.contracts.flow_map.places`.
        residual: (n, K, 2) where tracks were, less where they were foreseen.
        known: (n, K) of which horizons that is known.
        stands: (n,) how many samples each stands for, 1 or more.
        group: (n,) the track of each sample; "" = one of its own.
        horizons_s: (K,).
    """
    rows = _chosen(np.flatnonzero(moves(place) & (known.mean(axis=1) >= LEAST_KNOWN)), group)
    motion = motions(place[rows])
    if not len(rows):
        return FlowMap(motion, np.zeros((0, *residual.shape[1:])))
    told = turned(_whole(residual[rows], known[rows], horizons_s), 1 / ways(place[rows]))
    length = np.maximum(np.hypot(told[..., 0], told[..., 1]) / WILD, 1.0)
    told = (told / length[..., None]).reshape(len(rows), -1)
    anchor = motion[_anchors(motion)]
    near = kernel(motion, anchor)
    prior = NOISE * (_both(kernel(anchor, anchor)) + JITTER * np.eye(len(anchor)))
    heard = near.T * (stands[rows] / stands[rows].mean())
    pull: F64 = np.linalg.solve(heard @ near + prior, heard @ told)
    return FlowMap(anchor, pull.reshape(len(anchor), *residual.shape[1:]))


def _chosen(rows: I64, group: Sequence[str]) -> I64:
    """At most `MOST` rows: of each track every sample, or the first of two, or of three, ..."""
    rank, seen = np.empty(len(rows), np.int64), dict[str, int]()
    for at, row in enumerate(rows):
        name = group[row] or f"\0{row}"
        rank[at] = seen[name] = seen.get(name, -1) + 1
    stride = 1
    while (rank % stride == 0).sum() > MOST and stride <= rank.max(initial=0):
        stride += 1
    return rows[rank % stride == 0][-MOST:]


def _whole(residual: F64, known: Mask, horizons_s: F64) -> F64:
    """(n, K, 2) with what is not known growing in proportion to time from the last that is."""
    row = np.arange(len(known))
    last = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    share = horizons_s / horizons_s[last][:, None]
    grown = residual[row, last][:, None] * share[..., None]
    return np.where(known[..., None], residual, grown)


def _anchors(motion: F64) -> I64:
    """Rows of at most `ANCHORS` motions that stand for all: each the one that those before it say least about.

    A pivoted Cholesky factorisation of the kernel (Fine and Scheinberg, "Efficient SVM training using low-rank kernel
    representations", 2001).
    """
    n = len(motion)
    most = min(n, ANCHORS)
    left, factor, chosen = np.full(n, 2.0), np.zeros((most, n)), np.empty(most, np.int64)
    for at in range(most):
        best = int(left.argmax())
        if left[best] < JITTER:
            return chosen[:at]
        chosen[at] = best
        column = kernel(motion[best : best + 1], motion)[0] - factor[:at, best] @ factor[:at]
        factor[at] = column / np.sqrt(left[best])
        left = np.maximum(left - factor[at] ** 2, 0.0)
    return chosen


def _both(square: F64) -> F64:
    """Lengths differ from place to place, so the kernel does by a little, too."""
    found: F64 = 0.5 * (square + square.T)
    return found
