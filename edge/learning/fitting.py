"""Makes a model fit samples: one round of training, from the exported weights to others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.trainable import TARGETS, Trainee, Weights
from edge.contracts.types import F32, I64, ModelBundle
from edge.learning.measure import KNOWN, worth
from edge.learning.sample import Arrays, Batch, joined

LEAST_RATE = 0.05  # of the first, in the last epoch
PULL = 0.01  # share of the way back to the exported weights that is taken after each epoch
PATIENCE, PROGRESS = 3, 1e-3  # epochs without the loss falling by this share after which it ends
Breathe = Callable[[], bool]  # called after each step; may sleep; False: stop here


class Interrupted(Exception):  # noqa: N818 - nothing is wrong
    """Training was asked to stop; the model is as it was before."""


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """What training came to."""

    weights: F32  # (N,)
    loss: tuple[float, ...]  # mean of each epoch
    steps: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How a round goes."""

    rate: float
    epochs: int
    pull: float = PULL
    seed: int = 1


def fit(trainee: Trainee, base: F32, recent: Batch, old: Batch, how: Fit, breathe: Breathe) -> Fitted:
    """Train from the exported weights, with a new optimiser.

    Every round begins there: what once went wrong leaves no trace when its samples are gone, and weights do not drift
    from round to round. What was learnt before is kept by the samples that stand for it: each epoch sees all recent
    samples and as many of the old ones, drawn by chance. The weights are drawn a little towards the exported ones
    ("L2-SP": Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning", 2018). When this returns or
    raises, the model has its former weights again.

    Args:
        trainee: the model.
        base: (N,) the exported weights.
        recent: samples of late.
        old: samples that stand for what was before.
        how: rate and epochs.
        breathe: between steps.

    Raises:
        ModelError: the loss became no finite number, or the model failed.
        Interrupted: `breathe` said so.
    """
    before = trainee.weights()
    try:
        trainee.set_weights(Weights(base, np.zeros_like(before.optimizer)))
        return _fitted(trainee, base, recent, old, how, breathe)
    finally:
        trainee.set_weights(before)


def _fitted(trainee: Trainee, base: F32, recent: Batch, old: Batch, how: Fit, breathe: Breathe) -> Fitted:
    chance = np.random.default_rng(how.seed)
    losses: list[float] = []
    steps = 0
    for epoch in range(how.epochs):
        rate = how.rate * max(1 - epoch / how.epochs, LEAST_RATE)
        total, count = 0.0, 0
        for batch in batches(recent, old, trainee.trainable.batch, trainee.bundle, chance):
            total, count = total + trainee.train(batch, rate), count + 1
            if not breathe():
                raise Interrupted
        steps += count
        losses.append(total / max(count, 1))
        _pull(trainee, base, how.pull)
        if _at_its_end(losses):
            break
    found = trainee.weights().weights
    if not np.isfinite(found).all():
        raise ModelError("training ended with weights that are no finite numbers; they are not used")
    return Fitted(found, tuple(losses), steps)


def _at_its_end(losses: Sequence[float]) -> bool:
    """Whether the loss, which may be negative, has ceased to fall."""
    if len(losses) <= PATIENCE:
        return False
    best = min(losses[:-PATIENCE])
    return min(losses[-PATIENCE:]) >= best - PROGRESS * abs(best)


def batches(recent: Batch, old: Batch, size: int, bundle: ModelBundle, chance: np.random.Generator) -> Iterator[Arrays]:
    """All recent samples once and as many old ones, in an order of chance; the last batch is filled with zeros.

    Args:
        recent: samples of late.
        old: samples that stand for what was before.
        size: of a batch.
        bundle: of the model.
        chance: draws.
    """
    drawn = chance.permutation(len(old))[: max(len(recent), 1)]
    rows = joined(recent, old[drawn])
    order: I64 = chance.permutation(len(rows))
    for begin in range(0, len(order), size):
        yield _filled(rows, order[begin : begin + size], size, bundle)


def _filled(rows: Batch, chosen: I64, size: int, bundle: ModelBundle) -> Arrays:
    """`TARGETS` with `size` rows; what is known counts by the weight of its sample and by what it is worth."""
    found, each = {}, worth(bundle)
    for name in TARGETS[bundle.head]:
        column = rows.arrays[name]
        made = np.zeros((size, *column.shape[1:]), np.float32)
        made[: len(chosen)] = column[chosen]
        found[name] = made
    factor = np.zeros(size, np.float32)
    factor[: len(chosen)] = rows.weight[chosen]
    found[KNOWN] *= factor.reshape(size, *[1] * (found[KNOWN].ndim - 1))
    if len(each) > 1:
        found[KNOWN] *= each
    return found


def _pull(trainee: Trainee, base: F32, share: float) -> None:
    if share:
        now = trainee.weights()
        trainee.set_weights(Weights((now.weights + np.float32(share) * (base - now.weights)), now.optimizer))
