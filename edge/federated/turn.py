"""A device's part of a round: it tries the weights that came, keeps those that are better here, and learns on.

Whatever comes from the network is judged as the device's own candidates are: on what it has never learnt from, by a
margin, against what serves and against what the model file holds. What passes is put where the daemon finds it, as a
candidate; it then has to prove itself live before it serves.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.errors import MessageError, ModelError
from edge.contracts.federated import NOTHING, Answer, Ask, Outcome, Tried
from edge.contracts.trainable import Trainee, Weights
from edge.contracts.types import F32, F64
from edge.federated.subjects import Subject, together
from edge.learning.comparing import Gain, gain
from edge.learning.division import alike, span_s
from edge.learning.fitting import Breathe, Fit, Interrupted, fit
from edge.learning.learnt import errors_with
from edge.learning.offered import offer
from edge.learning.round import NEVER_S, Judgement
from edge.learning.sample import Batch, joined
from edge.learning.settings import LearningSettings
from edge.learning.subject import LEAST_HELD
from edge.learning.ways import Way

LEAST_LEARNT = 32  # samples, before a device has something to say
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a device learns and judges."""

    rate: float
    epochs: int
    margin: float


def take_turn(
    trainee: Trainee, exported: F32, own: Sequence[Subject], ask: Ask, how: Manner, breathe: Breathe
) -> Answer:
    """Answer what the host asks. The model has other weights afterwards.

    Args:
        trainee: the model.
        exported: (N,) weights in its file.
        own: cameras and sensors of this device.
        ask: of the host.
        how: rate, epochs, margin.
        breathe: called after each step; may sleep; False: stop here.

    Raises:
        MessageError: the weights are not for this model.
        ModelError: the model fails with the weights that came.
    """
    if ask.base_sha256 != trainee.bundle.sha256 or len(ask.weights) != len(exported):
        raise MessageError(
            f"the host learns on top of the model {ask.base_sha256[:12]}, and {trainee.bundle.sha256[:12]} is here; "
            "give both the same file"
        )
    judged = [(one, found) for one in own if (found := judge(trainee, exported, one, ask.weights)) is not None]
    new = ask.offered and bool((ask.weights != exported).any())
    taken = [one for one, found in judged if new and found[0].passes(how.margin)]
    for one, (judgement, _) in judged:
        if one in taken:
            offer(one.folder, trainee.bundle, ask.weights, ask.round, judgement)
    tried = _tried([found for _, found in judged])
    outcome, samples, change = _learnt(trainee, own, ask, how, breathe) if ask.learn else (Outcome.UNASKED, 0, NOTHING)
    return Answer(outcome, samples, change, tried, len(taken))


def judge(trainee: Trainee, exported: F32, own: Subject, weights: F32) -> tuple[Judgement, int] | None:
    """How weights do on what a subject has never learnt from, and how many samples that are; None where it has none.

    Whether they have forgotten something is seen by what stands for what was before; while there is nothing of that
    kind yet, by the earlier half of the rest.

    Raises:
        ModelError: the model fails with one of them.
    """
    if len(own.held) < LEAST_HELD:
        return None
    before = own.held_old if len(own.held_old) else own.held[own.held.begin_s < np.median(own.held.begin_s)]
    both, n = joined(own.held, before), len(own.held)
    base, serving, candidate = (errors_with(trainee, one, both) for one in (exported, own.serving, weights))
    return (
        Judgement(
            Way(1.0, mapped=False),
            float(base[:n].mean()),
            float(serving[:n].mean()),
            float(candidate[:n].mean()),
            _gain(candidate[:n], base[:n], own.held, trainee),
            _gain(candidate[:n], serving[:n], own.held, trainee),
            _gain(candidate[n:], serving[n:], before, trainee),
            float(own.held.begin_s.max(initial=NEVER_S)),
        ),
        n,
    )


def _gain(errors: F64, others: F64, batch: Batch, trainee: Trainee) -> Gain:
    """Of errors (n,) over others, on a batch; samples that tell much the same count as one."""
    return gain(errors, others, alike(batch.group, batch.begin_s, span_s(trainee.bundle), LearningSettings().holdout))


def _learnt(
    trainee: Trainee, own: Sequence[Subject], ask: Ask, how: Manner, breathe: Breathe
) -> tuple[Outcome, int, F32]:
    """What became of it, from how many samples was learnt, and the change (N,)."""
    samples = sum(len(one.recent) + len(one.old) for one in own)
    if samples < LEAST_LEARNT:
        return Outcome.TOO_LITTLE, 0, NOTHING
    recent, old = together([one.recent for one in own]), together([one.old for one in own])
    try:
        trainee.set_weights(Weights(ask.weights, np.zeros(trainee.trainable.state, np.float32)))
        found = fit(trainee, ask.weights, recent, old, Fit(how.rate, how.epochs, seed=ask.round), breathe)
    except Interrupted:
        return Outcome.TOO_LATE, 0, NOTHING
    except ModelError as error:
        _log.warning("learning on from what the host sent failed: %s", error)
        return Outcome.FAILED, 0, NOTHING
    return Outcome.LEARNT, samples, (found.weights - ask.weights).astype(np.float32)


def _tried(judged: Sequence[tuple[Judgement, int]]) -> Tried:
    """The means over all subjects, by their samples."""
    count: F64 = np.array([samples for _, samples in judged], np.float64)
    total = int(count.sum())
    if not total:
        return Tried()
    errors = np.array([(one.candidate, one.serving, one.base) for one, _ in judged])
    given, serving, base = (float(mean) for mean in count @ errors / total)
    return Tried(total, given, serving, base)
