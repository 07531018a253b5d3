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

    Where all answers are right, any sureness would be too little: so as many pictures and one more are taken to be
    right, of as many and two (Platt, Probabilistic Outputs for Support Vector Machines, 1999).

    Args:
        logits: (P, C).
        truth: (P,) classes.

    Returns:
        1.0 where there are too few pictures to tell.
    """
    if len(truth) < FEWEST:
        return 1.0
    target = _doubted(truth, logits.shape[1])
    low, high = np.log(COOLEST), np.log(HOTTEST)
    for _ in range(_ROUNDS):  # of one variable, and with one valley: each round looks closer
        tried = np.linspace(low, high, _POINTS)
        best = int(np.argmin([_surprise(logits / np.exp(one), target) for one in tried]))
        low, high = tried[max(best - 1, 0)], tried[min(best + 1, _POINTS - 1)]
    return float(np.exp((low + high) / 2))


def _doubted(truth: I64, classes: int) -> F64:
    """(P, C) probabilities of truths that one in so many pictures and two may be wrong about."""
    doubt = 1 / (len(truth) + 2)
    target = np.full((len(truth), classes), doubt / max(classes - 1, 1))
    target[np.arange(len(truth)), truth] = 1 - doubt
    return target


def _surprise(logits: F64, target: F64) -> float:
    """Mean cross entropy of logits and probabilities (P, C)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - (target * shifted).sum(axis=1)).mean())


def softmax(logits: F64) -> F64:
    """Probabilities (P, C) of logits (P, C)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: F64 = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
