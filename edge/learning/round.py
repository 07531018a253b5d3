"""One round: a candidate is trained, and held against what serves and against what was exported.

Which way the candidate goes is chosen on what was held out as well (`edge.learning.ways`), so that what it is judged by
does not flatter it. What is held out of a short life is little; a flow map alone, which is made in no time, is also
judged by what it is made of: each block of time by a map that is made of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.contracts.trainable import Trainee
from edge.contracts.types import F32, F64, Mask
from edge.learning.comparing import Gain, gain
from edge.learning.division import alike, period_of
from edge.learning.fitting import Breathe, Fit, Fitted, fit
from edge.learning.learnt import errors_with, lent
from edge.learning.sample import Batch, joined
from edge.learning.ways import ONLY_MAP, Way, Ways, first_half

NEVER_S = -1e12  # before any sample
LEAST_FRESH = 24  # samples
MOST_OLD = 512  # old samples that are asked whether anything was forgotten


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """What a round works with."""

    recent: Batch
    old: Batch
    held: Batch  # never learnt from, of late; a flow map is judged by what it learnt from as well, see `_crossed`
    held_old: Batch  # never learnt from, and stands for what was before
    span_s: float  # the longest sample
    share: float  # of the samples that is kept to judge
    since_s: float  # begin of the newest that was held out when what serves was chosen by it

    def fresh(self) -> Mask:
        """(n,) what was held out since what serves was chosen by the rest; all where that is too little.

        By what has chosen it, what serves looks better than it is, and no other would ever pass.
        """
        found: Mask = self.held.begin_s > self.since_s
        return found if found.sum() >= LEAST_FRESH else np.ones(len(self.held), bool)

    def gain(self, errors: F64, others: F64, batch: Batch) -> Gain:
        """Of errors (n,) over others, on a batch; samples that tell much the same count as one."""
        mine, theirs = errors * batch.stands, others * batch.stands
        return gain(mine, theirs, alike(batch.group, batch.begin_s, self.span_s, self.share))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate on what it was not made of."""

    way: Way
    base: float  # mean error of the exported weights
    serving: float  # of those that serve
    candidate: float
    over_base: Gain
    over_serving: Gain
    over_old: Gain  # over those that serve, on old samples: what was forgotten
    until_s: float  # begin of the newest sample that was held out

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

    candidate: F32  # what was learnt, see `edge.learning.learnt`
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
        serving: what serves: these, or what was learnt.
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
    trained: F32 = np.mean([*before, fitted.weights], axis=0, dtype=np.float32)
    with lent(trainee):
        first = first_half(material.held, period_of(material.span_s, material.share))
        ways = Ways(trainee, base, trained, joined(material.old, material.recent), (material.held, first))
        way = ways.lesser()
        candidate = ways.learnt(way)
        on_held = ways.base, errors_with(trainee, serving, material.held), ways.judged()
        found = Round(candidate, fitted, _judged(trainee, material, on_held, (serving, candidate), way))
        if ways.crossed is None:
            return found
        mapped = Round(ways.learnt(ONLY_MAP), fitted, _crossed(trainee, material, serving, ways))
        return max(found, mapped, key=lambda one: (one.judgement.passes(0.0), one.judgement.over_base.low))


def judged(trainee: Trainee, base: F32, serving: F32, candidate: F32, material: Material) -> Judgement:
    """A candidate as it is, beside what serves. The model has its former weights again afterwards.

    Args:
        trainee: the model.
        base: (N,) the exported weights.
        serving: what serves.
        candidate: what was learnt elsewhere.
        material: samples; none of it has chosen the candidate.

    Raises:
        ModelError: the model fails with one of them.
    """
    with lent(trainee):
        held = material.held
        on_held = (
            errors_with(trainee, base, held),
            errors_with(trainee, serving, held),
            errors_with(trainee, candidate, held),
        )
        return _judged(trainee, material, on_held, (serving, candidate), Way(1.0, mapped=False))


def _crossed(trainee: Trainee, material: Material, serving: F32, ways: Ways) -> Judgement:
    """Of a flow map alone, also by what it was made of: each block of time by a map that is made of the others."""
    assert ways.crossed is not None
    learnt_from = joined(material.old, material.recent)
    base, crossed = ways.crossed
    every = replace(material, held=joined(learnt_from, material.held))
    on_all = (
        np.concatenate([base, ways.base]),
        errors_with(trainee, serving, every.held),
        np.concatenate([crossed, ways.on(ONLY_MAP)]),
    )
    return _judged(trainee, every, on_all, (serving, ways.learnt(ONLY_MAP)), ONLY_MAP)


def _judged(
    trainee: Trainee, material: Material, on_held: tuple[F64, F64, F64], learnt: tuple[F32, F32], way: Way
) -> Judgement:
    """Of errors on what was held out (base, serving, candidate), and of what serves and the candidate."""
    old = material.held_old if len(material.held_old) else material.old[np.arange(min(len(material.old), MOST_OLD))]
    before, now = (errors_with(trainee, one, old) for one in learnt)
    base, serving, candidate = on_held
    fresh = material.fresh()
    return Judgement(
        way,
        _mean(base),
        _mean(serving),
        _mean(candidate),
        material.gain(candidate, base, material.held),
        material.gain(candidate[fresh], serving[fresh], material.held[fresh]),
        material.gain(now, before, old),
        float(material.held.begin_s.max(initial=NEVER_S)),
    )


def _mean(each: F64) -> float:
    """0 of nothing."""
    return float(each.mean()) if len(each) else 0.0
