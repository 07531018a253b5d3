"""Makes the sigma of a trained trajectory network honest: on validation, one factor for each horizon."""

from typing import Any

import numpy as np

from edge.contracts.track_windows import Answer
from edge.contracts.types import F64
from trainer.forecaster.measures import HONEST, mean, measure
from trainer.forecaster.samples import Samples
from trainer.forecaster.scoring import answers

SPREADS = "spreads"  # the layer whose biases are logarithms of sigma, (modes * horizons)
MOST = 3.0  # logarithm of the largest factor
ROUNDS = 25


def make_honest(model: Any, validation: Samples, modes: int) -> F64:
    """Change the network's biases so that `HONEST` of what happened lies within one sigma at each horizon.

    Returns:
        (K,) the factors.
    """
    answer = answers(model, validation.x)
    factors = np.array([_factor(answer, validation, k) for k in range(validation.unit.shape[1])])
    layer = model.get_layer(SPREADS)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, (bias.reshape(modes, -1) + np.log(factors)).reshape(-1).astype(np.float32)])
    return factors


def _factor(answer: Answer, truth: Samples, k: int) -> float:
    """By which sigma at one horizon is to be multiplied, found by halving; 1 where nothing is known."""
    one = Samples(truth.x, truth.departure[:, k : k + 1], truth.unit[:, k : k + 1])
    if not (one.unit > 0).any():
        return 1.0
    low, high = -MOST, MOST
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        given = Answer(answer.logit, answer.mean[:, :, k : k + 1], answer.log_sigma[:, :, k : k + 1] + middle)
        if mean(measure(given, one).within) < HONEST:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))
