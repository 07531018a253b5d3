"""What a trajectory network is to make small. Letters as in `edge.contracts.track_windows`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.forecaster.network import LOG_SIGMA, LOGIT, MEAN
from trainer.forecaster.settings import ForecasterLoss

LOG_2_PI = float(np.log(2 * np.pi))
LEAST_LOG_SIGMA, MOST_LOG_SIGMA = -5.0, 4.0


def losses(outputs: Mapping[str, Any], target: Any, unit: Any, settings: ForecasterLoss) -> dict[str, Any]:
    """Scalars, `total` among them, all in the unit of the tracks except the likelihood.

    `distance` is that of the mixture's mean path (ADE), `winner` that of its nearest path, so that each mode has a
    future of its own; `likelihood` is the negative logarithm of what the mixture gives to what happened.

    Args:
        outputs: of the network.
        target: (B, K, 2) what it should have answered.
        unit: (B, K) what one of these numbers is worth at each horizon, 0 where it is not known what happened.
        settings: how much each counts.
    """
    logit, mean = outputs[LOGIT], outputs[MEAN]
    known = tf.cast(unit > 0, tf.float32)
    each = tf.maximum(tf.reduce_sum(known), 1.0)
    weight = tf.nn.softmax(logit)
    point = tf.reduce_sum(weight[:, :, None, None] * mean, axis=1)
    distance = tf.reduce_sum(_length(point - target) * unit) / each
    paths = tf.reduce_sum(_length(mean - target[:, None]) * unit[:, None], axis=2)
    winner = tf.reduce_sum(tf.reduce_min(paths, axis=1)) / each
    likelihood = _surprise(logit, mean, outputs[LOG_SIGMA], target, known) / each
    total = settings.distance * distance + settings.winner * winner + settings.likelihood * likelihood
    return {"total": total, "distance": distance, "winner": winner, "likelihood": likelihood}


def _length(vector: Any) -> Any:
    """Euclidean, with a gradient at 0."""
    return tf.sqrt(tf.reduce_sum(vector * vector, axis=-1) + 1e-8)


def _surprise(logit: Any, mean: Any, log_sigma: Any, target: Any, known: Any) -> Any:
    """Negative log-likelihood of all windows: a window stays in one mode over all its horizons.

    Errors at successive horizons are far from independent; the logarithms are averaged over the horizons before the
    modes are weighed against each other, so that one mode does not win by the number of horizons alone.
    """
    log_sigma = tf.clip_by_value(log_sigma, LEAST_LOG_SIGMA, MOST_LOG_SIGMA)
    stray = tf.reduce_sum((target[:, None] - mean) ** 2, axis=-1)
    log_density = -0.5 * stray * tf.exp(-2 * log_sigma) - 2 * log_sigma - LOG_2_PI  # (B, M, K)
    count = tf.reduce_sum(known, axis=1, keepdims=True)
    of_path = tf.reduce_sum(log_density * known[:, None], axis=2) / tf.maximum(count, 1.0)
    return -tf.reduce_sum(count[:, 0] * tf.reduce_logsumexp(of_path + tf.nn.log_softmax(logit), axis=1))
