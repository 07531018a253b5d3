"""One round: a candidate is trained, and held against what serves and against what was exported.

How far the candidate goes from the exported weights to the trained ones, and of a forecaster of paths whether a flow
map goes along, is chosen on what was held out as well. That is cut in two: each half is judged by at what the other
half has chosen, so the choice does not flatter the judgement. The candidate goes the lesser of both ways.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.flow_map import FlowMap
from edge.contracts.trainable import TARGETS, Trainee, Weights
from edge.contracts.types import F32, F64, Head, Mask
from edge.learning.comparing import Gain, gain
from edge.learning.fitting import Breathe, Fit, Fitted, fit
from edge.learning.flow import flow_map
from edge.learning.learnt import flow, horizons, network, together
from edge.learning.measure import KNOWN, answers, errors, misses, residuals
from edge.learning.sample import PLACE, Batch, joined

# Shares of the way from the exported weights to the trained ones ("WiSE-FT": Wortsman et al., "Robust fine-tuning of
# zero-shot models", 2022).
SHARES = (1.0, 0.75, 0.5, 0.25)
NONE = 0.0  # share at which only a flow map was learnt
MOST_OLD = 512  # old samples that are asked whether anything was forgotten


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """What a round works with."""

    recent: Batch
    old: Batch
    held: Batch  # never learnt from, of late
    held_old: Batch  # never learnt from, and stands for what was before
    period_s: float  # of the division of time


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate on what was never learnt from."""

    share: float  # of the way from the exported to the trained weights
    mapped: bool  # a flow map goes along
    base: float  # mean error of the exported weights
    serving: float  # of those that serve
    candidate: float
    over_base: Gain
    over_serving: Gain
    over_old: Gain  # over those that serve, on old samples: what was forgotten

    def passes(self, margin: float) -> bool:
        """Whether it is better by the margin, surely better at all, and has not forgotten more than the margin."""
        return all(
            (
                min(self.over_base.mean, self.over_serving.mean) >= margin,
                min(self.over_base.low, self.over_serving.low) > 0,
                self.over_old.mean >= -margin,
            )
        )


@dataclass(frozen=True, eq=False, slots=True)
class Round:
    """What a round came to."""

    candidate: F32  # (N,), or more with a flow map: see `edge.learning.learnt`
    fitted: Fitted
    judgement: Judgement


def adapt(
    trainee: Trainee,
    base: F32,
    serving: F32,
    material: Material,
    how: Fit,
    breathe: Breathe,
    before: Sequence[F32] = (),
) -> Round:
    """Train a candidate, and judge it beside what serves.

    When this returns or raises, the model has its former weights again.

    Args:
        trainee: the model.
        base: (N,) the exported weights.
        serving: what serves, the same or learnt.
        material: samples.
        how: rate and epochs.
        breathe: between steps, see `fit`.
        before: what the latest rounds were trained to. All began at the same weights, and their mean is steadier than
            the newest alone ("Model soups": Wortsman et al., 2022).

    Raises:
        ModelError: the loss or the answers became no finite numbers, or the model failed.
        Interrupted: `breathe` said so.
    """
    fitted = fit(trainee, base, material.recent, material.old, how, breathe)
    now = trainee.weights()
    try:
        trained: F32 = np.mean([*before, fitted.weights], axis=0, dtype=np.float32)
        held = _Held(trainee, base, trained, material)
        way = held.lesser()
        old = material.held_old if len(material.held_old) else material.old[np.arange(min(len(material.old), MOST_OLD))]
        return Round(held.learnt(way), fitted, _judged(trainee, held, serving, old, way))
    finally:
        trainee.set_weights(now)


def between(base: F32, trained: F32, share: float) -> F32:
    """Weights on the way from one to the other."""
    mixed: F32 = (base + np.float32(share) * (trained - base)).astype(np.float32)
    return mixed


def errors_with(trainee: Trainee, learnt: F32, batch: Batch) -> F64:
    """(n,) errors of the model with what was learnt, whose weights it keeps. Raises ModelError."""
    bundle = trainee.bundle
    _set(trainee, network(bundle, learnt))
    return errors(trainee, batch, flow(bundle, learnt))


@dataclass(frozen=True, slots=True)
class Way:
    """How far a candidate goes."""

    share: float  # from the exported to the trained weights
    mapped: bool  # and a flow map along


class _Held:
    """Errors on what was held out, of the exported weights and of every way to go from there."""

    def __init__(self, trainee: Trainee, base: F32, trained: F32, material: Material) -> None:
        self.batch = material.held
        self.first = _first_half(material.held, material.period_s)
        self.base = errors_with(trainee, base, self.batch)
        self._base, self._trained = base, trained
        self._maps = dict[float, FlowMap]()
        self._ways = dict[Way, F64]()
        paths = horizons(trainee.bundle) > 0
        for share in (*SHARES, NONE) if paths else SHARES:
            _set(trainee, between(base, trained, share))
            flow = _mapped(trainee, joined(material.old, material.recent)) if paths else None
            self._go(trainee, share, flow)

    def _go(self, trainee: Trainee, share: float, flow: FlowMap | None) -> None:
        """What comes of it at one share, which the model has now."""
        if share > NONE:
            self._ways[Way(share, False)] = errors(trainee, self.batch)
        if flow is not None and len(flow):
            self._maps[share] = flow
            self._ways[Way(share, True)] = errors(trainee, self.batch, flow)

    def learnt(self, way: Way) -> F32:
        """What is learnt on this way, as one vector."""
        return together(between(self._base, self._trained, way.share), self._maps[way.share] if way.mapped else None)

    def chosen(self, rows: Mask) -> Way:
        """The way with the least error on these rows; the least way where there is nothing to choose by."""
        if not rows.any():
            return Way(SHARES[-1], False)
        return min(self._ways, key=lambda way: float(self._ways[way][rows].mean()))

    def lesser(self) -> Way:
        """Of what both halves have chosen the lesser."""
        one, other = self.chosen(self.first), self.chosen(~self.first)
        found = Way(min(one.share, other.share), one.mapped and other.mapped)
        return found if found in self._ways else Way(SHARES[-1], False)

    def judged(self) -> F64:
        """(n,) errors of each half at what the other half has chosen."""
        by_first, by_other = (self._ways[self.chosen(rows)] for rows in (self.first, ~self.first))
        return np.where(self.first, by_other, by_first)


def _mapped(trainee: Trainee, batch: Batch) -> FlowMap:
    """A flow map of where these samples were foreseen wrongly by the weights that the model has now."""
    known = batch.arrays[KNOWN] > 0
    if not len(batch):
        return flow_map(batch.arrays[PLACE], np.zeros((0, *known.shape[1:], 2)), known, ())
    off = misses(trainee.bundle, answers(trainee, batch.arrays[TARGETS[Head.TRAJECTORY][0]]), batch)
    return flow_map(batch.arrays[PLACE], residuals(off, batch), known, batch.group)


def _set(trainee: Trainee, weights: F32) -> None:
    trainee.set_weights(Weights(weights, np.zeros(trainee.trainable.state, np.float32)))


def _judged(trainee: Trainee, held: _Held, serving: F32, old: Batch, way: Way) -> Judgement:
    """Of what serves and of the candidate."""
    now = errors_with(trainee, serving, held.batch)
    before, after = (errors_with(trainee, one, old) for one in (serving, held.learnt(way)))
    candidate = held.judged()
    return Judgement(
        way.share,
        way.mapped,
        _mean(held.base),
        _mean(now),
        _mean(candidate),
        gain(candidate, held.base, held.batch.group),
        gain(candidate, now, held.batch.group),
        gain(after, before, old.group),
    )


def _first_half(held: Batch, period_s: float) -> Mask:
    """(n,) every second period that was held out, the newest not among them; of a single one, its first half."""
    if not len(held):
        return np.zeros(0, bool)
    names, period = np.unique(held.begin_s // period_s, return_inverse=True)
    if len(names) == 1:
        first: Mask = held.begin_s < np.median(held.begin_s)
        return first
    return (len(names) - 1 - period) % 2 == 1


def _mean(each: F64) -> float:
    """0 of nothing."""
    return float(each.mean()) if len(each) else 0.0
