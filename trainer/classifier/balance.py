"""How much samples of rare classes count."""

import numpy as np

from edge.contracts.types import F32, I64


def class_weights(count: I64, balance: float) -> F32:
    """(C,) how much a sample of each class counts; 1 on average over the samples.

    Args:
        count: (C,) samples of each class.
        balance: 0 = all samples the same, 1 = all classes the same.
    """
    number = count.astype(np.float64)
    weight = np.maximum(number, 1.0) ** -balance
    return np.asarray(weight * number.sum() / max(float((weight * number).sum()), 1e-9), np.float32)
