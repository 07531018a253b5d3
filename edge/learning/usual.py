"""Which windows are usual to an auto-encoder, and the limit that goes with what was learnt.

A limit is made anew for each candidate, of windows that were never learnt from. They are usual ones all, for others
are not kept; so they alone do not tell where the unusual begins: their rarest were cut off by the limits before, and a
limit set by them would be lower each time. What they tell is by how much the candidate is better than the exported
weights on the same windows. So the file's limit, which the trainer has set, is brought to the candidate: multiplied by
the share of their large errors. It is higher only where more of these windows would lie above it than the file
promises.

Both ways it is bounded, by the file's own limit and not by that of what served before: bounds upon bounds are none.
No higher than `MOST_RISE` times, or a fault that comes slowly would raise it step by step; no lower than `MOST_FALL`
times, for what was held out is of some hours or days, and does not know all that is usual.
"""

from collections.abc import Mapping

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.limits import LIMIT, Limit, read_limit
from edge.contracts.trainable import Trainee, Weights
from edge.contracts.types import F32, F64, Head, ModelBundle
from edge.learning.measure import errors
from edge.learning.sample import Batch, joined

LARGE = 0.9  # quantile of errors that are compared; the rarest were cut off
SMALLEST = 1e-12  # error that is divided by


def told_limit(bundle: ModelBundle) -> Limit | None:
    """The limit in a file; None of other models. Raises ModelError: an auto-encoder carries none."""
    return read_limit(bundle) if bundle.head is Head.AUTOENCODER else None


def squares(trainee: Trainee, weights: F32, batch: Batch) -> F64:
    """(n,) mean squares over what was read of each window, as the daemon's score takes them; of an auto-encoder.

    The model keeps the weights (N,). Where they do not answer with numbers, errors are infinite.
    """
    trainee.set_weights(Weights(weights, np.zeros(trainee.trainable.state, np.float32)))
    known = batch.arrays["known"]
    try:
        found = errors(trainee, batch) / np.where(batch.weight > 0, batch.weight, 1.0)
    except ModelError:
        return np.full(len(batch), np.inf)
    return found**2 * known.shape[1] / np.maximum(np.count_nonzero(known, axis=1), 1)


def limit_scores(
    trainee: Trainee, told: Limit | None, weights: tuple[F32, F32], parts: tuple[Batch, Batch]
) -> Mapping[str, float]:
    """The limit of a candidate, as it stands in its checkpoint; nothing of models that have none.

    Args:
        trainee: the model; it keeps the candidate's weights.
        told: by the file.
        weights: (N,) the exported and the candidate's.
        parts: windows that were never learnt from, older ones and those of late.
    """
    if told is None or not any(map(len, parts)):
        return {}
    held = joined(*parts)
    exported, candidate = (squares(trainee, one, held) for one in weights)
    return {LIMIT: refitted(told, exported, candidate)}


def refitted(told: Limit, exported: F64, candidate: F64) -> float:
    """The limit of a candidate, from errors (n,) on usual windows; n at least 1."""
    share = _quantile(candidate, LARGE) / max(_quantile(exported, LARGE), SMALLEST)
    return told.bounded(max(share * told.error, _quantile(candidate, told.quantile)))


def _quantile(each: F64, share: float) -> float:
    """One of them, so that at least this share is no larger."""
    return float(np.quantile(each, share, method="higher"))
