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
WILD = 3.0  # ways of one second; a residual that is longer counts as this
BLOCKS = 8  # of time
JITTER = 1e-6


class Regression:
    """What flow maps are made of; those that do not move, or of which too little is known, tell nothing.

    Residuals are explained by a Gaussian process whose covariance is the kernel, beside noise.

    Args:
        batch: n samples of paths, the newest last.
        horizons_s: (K,).
        span_s: the longest sample.
    """

    def __init__(self, batch: Batch, horizons_s: F64, span_s: float) -> None:
        place, known = batch.arrays[PLACE], batch.arrays[KNOWN] > 0
        rows = np.flatnonzero(moves(place) & (known.mean(axis=1) >= LEAST_KNOWN))
        self._rows = rows = _chosen(rows, batch.group)
        self._known, self._horizons_s, self._way = known[rows], horizons_s, ways(place[rows])
        motion = motions(place[rows])
        self._anchor = motion[_anchors(motion)]
        anchors = terms(self._anchor)
        self._near, stands = kernel(motion, anchors), batch.stands[rows]
        self._begin_s, self._span_s = batch.begin_s[rows], span_s
        self._block = _blocks([batch.group[int(row)] for row in rows])
        self._heard: F64 = self._near.T * (stands / max(stands.mean() if len(rows) else 1.0, 1e-9))
        prior = kernel(self._anchor, anchors)
        self._system: F64 = self._heard @ self._near + NOISE * _covariance(prior)

    def __len__(self) -> int:
        return len(self._anchor)

    def flow_map(self, residual: F64) -> FlowMap:
        """By residuals (n, K, 2) of the samples: where tracks were, less where they were foreseen."""
        told = self._told(residual)
        pull = _solved(self._system, self._heard @ told)
        return FlowMap(self._anchor, pull.reshape(len(self), *residual.shape[1:]))

    def crossed(self, residual: F64) -> F64:
        """(n, K, 2) how forecasts of the samples are shifted, each by a map that has not learnt from its block of time.

        Nor from what reaches into the block: those who walk together would tell of each other.

        Args:
            residual: as in `flow_map`.
        """
        found, told = np.zeros_like(residual), self._told(residual)
        for block in range(BLOCKS):
            own = self._block == block
            out = self._about(own)
            if own.any() and not out.all():
                system = self._system - self._heard[:, out] @ self._near[out]
                pull = _solved(system, self._heard @ told - self._heard[:, out] @ told[out])
                shift = (self._near[own] @ pull).reshape(-1, *residual.shape[1:])
                found[self._rows[own]] = turned(shift, self._way[own])
        return found

    def _about(self, own: Mask) -> Mask:
        """(rows,) a block, and whatever may tell of the same moments."""
        begin_s = self._begin_s
        if not own.any():
            return own
        first_s, last_s = begin_s[own].min() - self._span_s, begin_s[own].max() + self._span_s
        return own | ((begin_s > first_s) & (begin_s < last_s))

    def _told(self, residual: F64) -> F64:
        """(rows, 2 K) what the regression is to explain."""
        told = turned(_whole(residual[self._rows], self._known, self._horizons_s), 1 / self._way)
        length = np.maximum(np.hypot(told[..., 0], told[..., 1]) / WILD, 1.0)
        return np.asarray((told / length[..., None]).reshape(len(told), 2 * residual.shape[1]))


def _covariance(prior: F64) -> F64:
    """The nearest covariance: objects differ in length, so their kernel is none by a little, or by much."""
    try:
        value, vector = np.linalg.eigh(0.5 * (prior + prior.T))
    except np.linalg.LinAlgError:
        return 2.0 * np.eye(len(prior))
    return np.asarray((vector * np.maximum(value, JITTER)) @ vector.T)


def _solved(system: F64, told: F64) -> F64:
    """What pulls how much; nothing does where there is no solution."""
    try:
        pull = np.asarray(np.linalg.solve(system, told), np.float64)
    except np.linalg.LinAlgError:
        return np.zeros_like(told)
    return pull if np.isfinite(pull).all() else np.zeros_like(told)


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
