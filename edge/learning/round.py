"""One round: a candidate is trained, and held against what serves and against what was exported.

How far the candidate goes from the exported weights to the trained ones is chosen on what was held out as well. That is
cut in two: each half is judged by at the share that the other half has chosen, so the choice does not flatter the
judgement. The candidate goes the lesser of both shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.trainable import Trainee, Weights
from edge.contracts.types import F32, F64, Mask
from edge.learning.comparing import Gain, gain
from edge.learning.division import alike, period_of
from edge.learning.fitting import Breathe, Fit, Fitted, fit
from edge.learning.measure import errors
from edge.learning.sample import Batch

# Shares of the way from the exported weights to the trained ones ("WiSE-FT": Wortsman et al., "Robust fine-tuning of
# zero-shot models", 2022).
SHARES = (1.0, 0.75, 0.5, 0.25)
MOST_OLD = 512  # old samples that are asked whether anything was forgotten


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """What a round works with."""

    recent: Batch
    old: Batch
    held: Batch  # never learnt from, of late
    held_old: Batch  # never learnt from, and stands for what was before
    span_s: float  # the longest sample
    share: float  # of the samples that is kept to judge

    def gain(self, errors: F64, others: F64, batch: Batch) -> Gain:
        """Of errors (n,) over others, on a batch; samples that tell much the same count as one."""
        return gain(errors, others, alike(batch.group, batch.begin_s, self.span_s, self.share))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate on what was never learnt from."""

    share: float  # of the way from the exported to the trained weights
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

    candidate: F32  # (N,)
    fitted: Fitted
    judgement: Judgement


def adapt(
    trainee: Trainee, base: F32, material: Material, how: Fit, breathe: Breathe, before: Sequence[F32] = ()
) -> Round:
    """Train a candidate, and judge it beside the weights that the model has now, which serve.

    When this returns or raises, the model has its former weights again.

    Args:
        trainee: the model.
        base: (N,) the exported weights.
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
    serving = trainee.weights()
    try:
        trained: F32 = np.mean([*before, fitted.weights], axis=0, dtype=np.float32)
        held = _Held(trainee, base, trained, material)
        share = min(held.chosen(held.first), held.chosen(~held.first))
        candidate = between(base, trained, share)
        on_held = held.base, errors_with(trainee, serving.weights, held.batch), held.judged()
        return Round(candidate, fitted, _judged(trainee, material, on_held, (serving.weights, candidate), share))
    finally:
        trainee.set_weights(serving)


def judged(trainee: Trainee, base: F32, candidate: F32, material: Material) -> Judgement:
    """A candidate as it is, beside the weights that the model has now, which serve. It has them again afterwards.

    Args:
        trainee: the model.
        base: (N,) the exported weights.
        candidate: (N,).
        material: samples; none of it has chosen the candidate.

    Raises:
        ModelError: the model fails with one of them.
    """
    serving = trainee.weights()
    try:
        of_base, of_serving, of_candidate = (
            errors_with(trainee, one, material.held) for one in (base, serving.weights, candidate)
        )
        on_held = of_base, of_serving, of_candidate
        return _judged(trainee, material, on_held, (serving.weights, candidate), 1.0)
    finally:
        trainee.set_weights(serving)


def between(base: F32, trained: F32, share: float) -> F32:
    """Weights on the way from one to the other."""
    mixed: F32 = (base + np.float32(share) * (trained - base)).astype(np.float32)
    return mixed


def errors_with(trainee: Trainee, weights: F32, batch: Batch) -> F64:
    """(n,) errors of the model with other weights, which it keeps. Raises ModelError."""
    trainee.set_weights(Weights(weights, np.zeros(trainee.trainable.state, np.float32)))
    return errors(trainee, batch)


class _Held:
    """Errors on what was held out, of the exported weights and at every share of the way to the trained ones."""

    def __init__(self, trainee: Trainee, base: F32, trained: F32, material: Material) -> None:
        self.batch = material.held
        self.first = _first_half(material.held, period_of(material.span_s, material.share))
        self.base = errors_with(trainee, base, self.batch)
        self._shares = [errors_with(trainee, between(base, trained, share), self.batch) for share in SHARES]

    def chosen(self, rows: Mask) -> float:
        """The share with the least error on these rows; the least share where there is nothing to choose by."""
        if not rows.any():
            return SHARES[-1]
        return SHARES[int(np.argmin([one[rows].mean() for one in self._shares]))]

    def judged(self) -> F64:
        """(n,) errors of each half at the share that the other half has chosen."""
        by_first, by_other = (self._shares[SHARES.index(self.chosen(rows))] for rows in (self.first, ~self.first))
        return np.where(self.first, by_other, by_first)


def _judged(
    trainee: Trainee, material: Material, on_held: tuple[F64, F64, F64], weights: tuple[F32, F32], share: float
) -> Judgement:
    """Of errors on what was held out (base, serving, candidate), and the weights that serve and the candidate's."""
    old = material.held_old if len(material.held_old) else material.old[np.arange(min(len(material.old), MOST_OLD))]
    before, now = (errors_with(trainee, one, old) for one in weights)
    base, serving, candidate = on_held
    return Judgement(
        share,
        _mean(base),
        _mean(serving),
        _mean(candidate),
        material.gain(candidate, base, material.held),
        material.gain(candidate, serving, material.held),
        material.gain(now, before, old),
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
