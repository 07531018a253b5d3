"""How sure a trajectory network ought to be: its sigma, stretched until it holds what it claims to hold.

Done once after training, on windows that were not trained on. The factors go into a bias of the network, so that the
exported model needs nothing beside it. What is asked is what the gate asks (`measures.Measured.coverage`).
"""

from dataclasses import replace
from typing import Any

import numpy as np

from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_windows import Answer
from edge.contracts.types import F64
from trainer.forecaster.measures import measure
from trainer.forecaster.network import SPREADS, answers
from trainer.forecaster.samples import Samples

FEWEST = 50  # windows at a horizon: with fewer known, its sigma stays as it is
MOST = 3.0  # logarithm of the largest factor
ROUNDS = 16


def calibrate(model: Any, validation: Samples) -> F64:
    """Stretch the sigma of a network in place; the factors (K,) that did it, 1 where too little is known."""
    k = validation.unit.shape[1]
    factors = stretch(answers(model, validation.x), validation) if len(validation) else np.ones(k)
    bias = model.get_layer(SPREADS).bias
    bias.assign_add(np.tile(np.log(factors), bias.shape[0] // k).astype(np.float32))
    return factors


def stretch(answer: Answer, truth: Samples) -> F64:
    """(K,) what sigma must be multiplied by at each horizon so that `WITHIN` of what happened lies within the told one.

    By halving, as coverage grows with the factor.
    """
    enough = (truth.unit > 0).sum(axis=0) >= FEWEST
    low, high = np.where(enough, -MOST, 0.0), np.where(enough, MOST, 0.0)
    for _ in range(ROUNDS if enough.any() else 0):
        middle = (low + high) / 2
        within = measure(replace(answer, log_sigma=answer.log_sigma + middle), truth).within
        covered = np.nansum(within, axis=0) / np.maximum(np.isfinite(within).sum(axis=0), 1)
        low, high = np.where(covered < WITHIN, middle, low), np.where(covered < WITHIN, high, middle)
    return np.exp((low + high) / 2)
