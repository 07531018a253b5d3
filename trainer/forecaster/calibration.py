"""How sure a trajectory network ought to be: its sigma, stretched so that it covers what it claims to cover.

Done once after training, on windows that were not trained on. The factor goes into a bias of the network, so that
the exported model needs nothing beside it.
"""

from typing import Any

import numpy as np

from edge.contracts.track_windows import Answer
from edge.contracts.types import F64
from trainer.forecaster.samples import Samples
from trainer.forecaster.scoring import answers, weights

COVERED = 0.6827  # of a normal distribution, within one standard deviation
FEWEST = 100  # coordinates at a horizon: with fewer known, its sigma stays as it is
SMALLEST, LARGEST, ROUNDS = 0.1, 10.0, 40


def calibrate(model: Any, validation: Samples) -> F64:
    """Stretch the sigma of a network in place; the factors (K,) that did it, 1 where too little is known."""
    factors = stretch(answers(model, validation.x), validation) if len(validation) else np.ones(0)
    if len(factors):
        layer = model.get_layer("spreads")
        modes = layer.bias.shape[0] // len(factors)
        layer.bias.assign_add(np.tile(np.log(factors), modes).astype(np.float32))
    return factors


def stretch(answer: Answer, truth: Samples) -> F64:
    """(K,) what sigma must be multiplied by at each horizon so that one sigma along an axis covers its share."""
    weight = weights(answer)
    point = (weight[:, :, None, None] * answer.mean).sum(axis=1)
    between = (weight[:, :, None] * ((answer.mean - point[:, None]) ** 2).sum(axis=-1) / 2).sum(axis=1)
    own = (weight[:, :, None] * np.exp(2.0 * answer.log_sigma)).sum(axis=1)
    off = np.abs(point - truth.departure)
    known = truth.unit > 0
    return np.array(
        [_factor(off[rows, k], own[rows, k], between[rows, k]) for k, rows in enumerate(known.T)], np.float64
    )


def _factor(off: F64, own: F64, between: F64) -> float:
    """By bisection, as coverage grows with the factor."""
    if off.size < FEWEST:
        return 1.0
    low, high = SMALLEST, LARGEST
    for _ in range(ROUNDS):
        middle = float(np.sqrt(low * high))
        covered = (off <= np.sqrt(middle**2 * own + between)[:, None]).mean()
        low, high = (middle, high) if covered < COVERED else (low, middle)
    return float(np.sqrt(low * high))
