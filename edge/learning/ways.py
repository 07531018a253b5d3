"""The ways a candidate may go from the exported weights, and which of them what was held out prefers.

A way is how far it goes towards the trained weights, and of a forecaster of paths whether a flow map goes along. What
was held out is cut in two: each half is judged by at what the other half has chosen, so the choice does not flatter the
judgement. The candidate goes the lesser of both ways.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.flow_map import FlowMap
from edge.contracts.trainable import TARGETS, Trainee
from edge.contracts.types import F32, F64, Head, Mask, ModelBundle
from edge.learning.division import span_s
from edge.learning.flow import Regression
from edge.learning.learnt import paths, set_learnt, together
from edge.learning.measure import answers, errors, misses, path_errors, residuals, seen_by
from edge.learning.sample import Batch

# Shares of the way from the exported weights to the trained ones ("WiSE-FT": Wortsman et al., "Robust fine-tuning of
# zero-shot models", 2022).
SHARES = (1.0, 0.75, 0.5, 0.25)
NONE = 0.0  # the weights stay, and only a flow map was learnt


@dataclass(frozen=True, slots=True)
class Way:
    """How far a candidate goes."""

    share: float  # of the way from the exported to the trained weights
    mapped: bool  # a flow map goes along


ONLY_MAP = Way(NONE, mapped=True)  # of what it was made of, too, it can be told how it does: by blocks of time
LEAST = Way(SHARES[-1], mapped=False)


class Ways:
    """Errors on what was held out, of the exported weights and on every way from there.

    Args:
        trainee: the model; it keeps other weights.
        base: (N,) the exported weights.
        trained: (N,) where training led.
        learnt_from: what flow maps are made of; the newest last.
        held: what was held out, and which of it (n,) is its first half.

    Raises:
        ModelError: the model fails on one of the ways.
    """

    def __init__(self, trainee: Trainee, base: F32, trained: F32, learnt_from: Batch, held: tuple[Batch, Mask]) -> None:
        self._ends = base, trained
        self._held, self._first = held
        self._errors = dict[Way, F64]()
        self._maps = dict[float, FlowMap]()
        self.crossed: tuple[F64, F64] | None = None  # of what was learnt from, see `ONLY_MAP`
        self._regression = _regression(trainee.bundle, learnt_from)
        self.base = self._go(trainee, NONE, learnt_from)
        for share in SHARES:
            self._errors[Way(share, mapped=False)] = self._go(trainee, share, learnt_from)

    def learnt(self, way: Way) -> F32:
        """What is learnt on this way."""
        return together(between(*self._ends, way.share), self._maps[way.share] if way.mapped else None)

    def lesser(self) -> Way:
        """Of what both halves have chosen the lesser."""
        one, other = self._chosen(self._first), self._chosen(~self._first)
        found = Way(min(one.share, other.share), one.mapped and other.mapped)
        return found if found in self._errors else LEAST

    def on(self, way: Way) -> F64:
        """(n,) errors on what was held out, of one way."""
        return self._errors[way]

    def judged(self) -> F64:
        """(n,) errors of each half at what the other half chose, or on the candidate's own way where that is worse."""
        own, found = self._errors[self.lesser()], np.empty(len(self._held))
        for rows in (self._first, ~self._first):
            chosen = self._errors[self._chosen(~rows)]
            found[rows] = max(chosen[rows], own[rows], key=np.sum)
        return found

    def _go(self, trainee: Trainee, share: float, learnt_from: Batch) -> F64:
        """(n,) errors at one share without a flow map; those with one are kept."""
        set_learnt(trainee, between(*self._ends, share))
        if self._regression is not None and len(self._regression):
            off = _misses(trainee, learnt_from)
            residual = residuals(off, learnt_from)
            flow = self._maps[share] = self._regression.flow_map(residual)
            if share == NONE:
                crossed = off + seen_by(self._regression.crossed(residual), learnt_from)
                self.crossed = path_errors(off, learnt_from), path_errors(crossed, learnt_from)
            self._errors[Way(share, mapped=True)] = errors(trainee, self._held, flow)
        return errors(trainee, self._held)

    def _chosen(self, rows: Mask) -> Way:
        """The way with the least error on these rows; the least way where there is nothing to choose by."""
        if not rows.any():
            return LEAST
        return min(self._errors, key=lambda way: float(self._errors[way][rows].mean()))


def between(base: F32, trained: F32, share: float) -> F32:
    """Weights on the way from one to the other."""
    mixed: F32 = (base + np.float32(share) * (trained - base)).astype(np.float32)
    return mixed


def first_half(held: Batch, period_s: float) -> Mask:
    """(n,) every second period that was held out, the newest not among them; of a single one, its first half."""
    if not len(held):
        return np.zeros(0, bool)
    names, period = np.unique(held.begin_s // period_s, return_inverse=True)
    if len(names) == 1:
        first: Mask = held.begin_s < np.median(held.begin_s)
        return first
    return (len(names) - 1 - period) % 2 == 1


def _regression(bundle: ModelBundle, batch: Batch) -> Regression | None:
    """What flow maps are made of; None for models that foresee no paths."""
    window = paths(bundle)
    if window is None:
        return None
    return Regression(batch, np.array(window.horizons_s), span_s(bundle))


def _misses(trainee: Trainee, batch: Batch) -> F64:
    """(n, K, 2) by how much the weights that the model has now foresee these samples wrongly."""
    return misses(trainee.bundle, answers(trainee, batch.arrays[TARGETS[Head.TRAJECTORY][0]]), batch)
