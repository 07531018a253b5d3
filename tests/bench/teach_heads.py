"""What others make of a handful of examples: the two recipes that come with the Coral accelerator."""

import numpy as np

from edge.contracts.types import F32, F64, I64
from edge.teaching.fitting import softmax, unit

ITERATIONS, RATE, WEIGHT_SCALE = 500, 1e-2, 5e-2  # as the recipe of last-layer back-propagation has them
LENGTH = 10.0  # of a vector; of 1, 10 and 30 the best on the train half


def imprinting(vectors: F32, label: I64, classes: int, asked: F32) -> F64:
    """Scores (C, K) of crops by the imprinting engine: cosines with the normalised mean of normalised embeddings."""
    known = unit(vectors.astype(np.float64))
    weight = unit(np.stack([known[label == one].mean(axis=0) for one in range(classes)]))
    return np.asarray(unit(asked.astype(np.float64)) @ weight.T, np.float64)


def softmax_regression(vectors: F32, label: I64, classes: int, asked: F32) -> F64:
    """Scores (C, K) by softmax regression on the embeddings as they are.

    A batch of the recipe (100) is more than all examples; so every step takes all of them.
    """
    random = np.random.default_rng(0)
    weight = random.normal(0, WEIGHT_SCALE, (vectors.shape[1], classes))
    bias, wanted = np.zeros(classes), np.eye(classes)[label]
    for _ in range(ITERATIONS):
        error = (softmax(vectors @ weight + bias) - wanted) / len(vectors)
        weight -= RATE * (vectors.T @ error)
        bias -= RATE * error.sum(axis=0)
    return np.asarray(asked @ weight + bias, np.float64)


def softmax_regression_scaled(vectors: F32, label: I64, classes: int, asked: F32) -> F64:
    """The same on vectors of one length, which suits it better."""
    short, others = (unit(each.astype(np.float64)).astype(np.float32) * LENGTH for each in (vectors, asked))
    return softmax_regression(short, label, classes, others)
