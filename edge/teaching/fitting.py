"""Weights of classes from their examples: imprinted at once, tuned afterwards.

Imprinted weights are the normalised means of normalised embeddings, and a look is what it has the largest cosine with
(Qi, Brown, Lowe, 2018, "Low-Shot Learning with Imprinted Weights"). Tuned ones begin there and follow the gradient of
the softmax over these cosines. Before, each number of a vector is divided by the root of how much it varies over
whatever is seen: numbers that vary with everything say little about one thing.
"""

import numpy as np

from edge.contracts.types import F32, F64, I64

SHARPNESS = 10.0  # of the softmax while tuning
STEPS, RATE = 50, 0.1
LEAST_SEEN = 20  # looks from which on their spread is believed
FLOOR = 0.1  # of the spread of all numbers together, added to each


def unit(vectors: F64) -> F64:
    """The same directions, of length 1; what is all zero stays so."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)


def scale(seen: F32) -> F64:
    """(D,) factors of the numbers of a vector, from M looks (M, D) at whatever comes by; all 1 while these are few."""
    if len(seen) < LEAST_SEEN:
        return np.ones(seen.shape[1])
    values = seen.astype(np.float64)
    spread: F64 = values.std(axis=0) + FLOOR * float(values.std())
    return 1 / np.sqrt(spread) if spread.all() else np.ones_like(spread)


def imprinted(vectors: F64, label: I64, classes: int) -> F64:
    """Weights (K, D) of length 1 from looks (N, D) of length 1; a class without any gets zeros."""
    sums = np.zeros((classes, vectors.shape[1]))
    np.add.at(sums, label, vectors)
    return unit(sums)


def tuned(vectors: F64, label: I64, classes: int) -> F64:
    """Weights (K, D) of length 1 that tell the looks (N, D) apart more finely than the imprinted ones.

    Every class counts alike, however many looks there are of it.
    """
    weights = imprinted(vectors, label, classes)
    count = np.bincount(label, minlength=classes)
    share: F64 = 1 / (count[label] * float(max((count > 0).sum(), 1)))
    wanted = np.eye(classes)[label]
    for _ in range(STEPS if classes > 1 else 0):
        error = (softmax(SHARPNESS * (vectors @ weights.T)) - wanted) * share[:, None]
        weights = weights - RATE * (error.T @ vectors)
    return unit(weights)


def softmax(logits: F64) -> F64:
    """Along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float64)
