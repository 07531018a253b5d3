"""How sure a classifier ought to be: a number that divides its logits, found on pictures it did not learn from.

Guo et al., On Calibration of Modern Neural Networks, 2017. The answers stay the same, only their scores change.
"""

import numpy as np

from edge.contracts.types import F64, I64

COOLEST, HOTTEST = 0.05, 20.0
FEWEST = 20  # pictures; of fewer, one that is wrong would decide
_POINTS, _ROUNDS = 41, 4


def temperature(logits: F64, truth: I64) -> float:
    """The temperature with the least negative log likelihood.

    Args:
        logits: (P, C).
        truth: (P,) classes.

    Returns:
        1.0 where there are too few pictures to tell.
    """
    if len(truth) < FEWEST:
        return 1.0
    low, high = np.log(COOLEST), np.log(HOTTEST)
    for _ in range(_ROUNDS):  # of one variable, and with one valley: each round looks closer
        tried = np.linspace(low, high, _POINTS)
        best = int(np.argmin([surprise(logits / np.exp(one), truth) for one in tried]))
        low, high = tried[max(best - 1, 0)], tried[min(best + 1, _POINTS - 1)]
    return float(np.exp((low + high) / 2))


def surprise(logits: F64, truth: I64) -> float:
    """Mean negative logarithm of the probability of the truth (P,), of logits (P, C)."""
    return float(-np.log(np.maximum(softmax(logits)[np.arange(len(truth)), truth], 1e-12)).mean())


def softmax(logits: F64) -> F64:
    """Probabilities (P, C) of logits (P, C)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: F64 = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
