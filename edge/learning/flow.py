"""Makes a flow map of samples: a ridge regression of how wrongly paths were foreseen, on a few hundred anchors."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.flow_kernel import kernel, terms
from edge.contracts.flow_map import ANCHORS, FlowMap, motions, moves, turned, ways
from edge.contracts.types import F64, I64, Mask
from edge.learning.measure import KNOWN
from edge.learning.sample import PLACE, Batch

MOST = 3000  # samples
NOISE = 10.0  # variance of a residual beside what the kernel stands for
LEAST_KNOWN = 0.5  # of the horizons; beyond what is known, a residual goes on growing as it did
BLOCKS = 8  # of time
WILD = 3.0  # ways of one second; a residual that is longer counts as this
JITTER = 1e-6


class Regression:
    """What flow maps are made of; those that do not move, or of which too little is known, tell nothing.

    Residuals are explained by a Gaussian process whose covariance is the kernel, beside noise.

    Args:
        batch: n samples of paths, the newest last.
        horizons_s: (K,).
    """

    def __init__(self, batch: Batch, horizons_s: F64) -> None:
        place, known = batch.arrays[PLACE], batch.arrays[KNOWN] > 0
        rows = np.flatnonzero(moves(place) & (known.mean(axis=1) >= LEAST_KNOWN))
        self._rows = rows = _chosen(rows, batch.group)
        self._known, self._horizons_s, self._way = known[rows], horizons_s, ways(place[rows])
        motion = motions(place[rows])
        self._anchor = motion[_anchors(motion)]
        anchors = terms(self._anchor)
        self._near, stands = kernel(motion, anchors), batch.stands[rows]
        self._block = _blocks([batch.group[int(row)] for row in rows])
        self._heard: F64 = self._near.T * (stands / max(stands.mean() if len(rows) else 1.0, 1e-9))
        prior = kernel(self._anchor, anchors)
        prior = 0.5 * (prior + prior.T) + JITTER * np.eye(len(self._anchor))  # lengths differ, so kernels do
        self._system: F64 = self._heard @ self._near + NOISE * prior

    def __len__(self) -> int:
        return len(self._anchor)

    def flow_map(self, residual: F64) -> FlowMap:
        """By residuals (n, K, 2) of the samples: where tracks were, less where they were foreseen."""
        told = self._told(residual)
        pull = np.asarray(np.linalg.solve(self._system, self._heard @ told), np.float64)
        return FlowMap(self._anchor, pull.reshape(len(self), *residual.shape[1:]))

    def crossed(self, residual: F64) -> F64:
        """(n, K, 2) how forecasts of the samples are shifted, each by a map that has not learnt from its block of time.

        Args:
            residual: as in `flow_map`.
        """
        found, told = np.zeros_like(residual), self._told(residual)
        for block in range(BLOCKS):
            own = self._block == block
            if own.any() and not own.all():
                system = self._system - self._heard[:, own] @ self._near[own]
                pull = np.linalg.solve(system, (self._heard @ told) - self._heard[:, own] @ told[own])
                shift = (self._near[own] @ pull).reshape(-1, *residual.shape[1:])
                found[self._rows[own]] = turned(shift, self._way[own])
        return found

    def _told(self, residual: F64) -> F64:
        """(rows, 2 K) what the regression is to explain."""
        told = turned(_whole(residual[self._rows], self._known, self._horizons_s), 1 / self._way)
        length = np.maximum(np.hypot(told[..., 0], told[..., 1]) / WILD, 1.0)
        return np.asarray((told / length[..., None]).reshape(len(told), 2 * residual.shape[1]))


def _blocks(group: Sequence[str]) -> I64:
    """(n,) the block of time of each sample in the order of time; a track is of the block in which it begins."""
    first, found = dict[str, int](), np.empty(len(group), np.int64)
    for at, name in enumerate(group):
        found[at] = first.setdefault(name or f"\0{at}", at * BLOCKS // len(group))
    return found


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
    every = terms(motion)
    left, factor, chosen = np.full(n, 2.0), np.zeros((most, n)), np.empty(most, np.int64)
    for at in range(most):
        best = int(left.argmax())
        if left[best] < JITTER:
            return chosen[:at]
        chosen[at] = best
        column = kernel(motion[best : best + 1], every)[0] - factor[:at, best] @ factor[:at]
        factor[at] = column / np.sqrt(left[best])
        left = np.maximum(left - factor[at] ** 2, 0.0)
    return chosen
