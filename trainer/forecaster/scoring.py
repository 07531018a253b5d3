"""How far a trajectory network is off, on windows of which it is known what happened."""

from typing import Any

import numpy as np

from edge.contracts.track_windows import Answer
from edge.contracts.types import F64
from trainer.forecaster.network import LOG_SIGMA, LOGIT, MEAN
from trainer.forecaster.samples import Samples

AT_ONCE = 4096  # windows


def answers(model: Any, x: Any) -> Answer:
    """What a Keras model says of windows (n, S, F)."""
    parts = [model(x[begin : begin + AT_ONCE], training=False) for begin in range(0, len(x), AT_ONCE)]
    return Answer(*(np.concatenate([np.asarray(part[name]) for part in parts]) for name in (LOGIT, MEAN, LOG_SIGMA)))


def weights(answer: Answer) -> F64:
    """(n, M) of each mode, summing to 1."""
    odds = np.exp(np.asarray(answer.logit, np.float64) - answer.logit.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def distances(answer: Answer, truth: Samples) -> F64:
    """(n, K) between the mixture's mean path and what happened, in the unit of the tracks; NaN where unknown."""
    point = (weights(answer)[:, :, None, None] * answer.mean).sum(axis=1)
    off = np.hypot(*np.moveaxis(point - truth.departure, 2, 0)) * truth.unit
    return np.where(truth.unit > 0, off, np.nan).astype(np.float64)


def mean_distance(answer: Answer, truth: Samples) -> float:
    """The mean over all windows and horizons (ADE)."""
    return float(np.nanmean(distances(answer, truth)))
