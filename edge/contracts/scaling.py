"""Brings a window of values to the scale that a model knows; the same in training and in service."""

import numpy as np

from edge.contracts.types import F32, F64
from edge.contracts.windows import Scaling, SeriesWindow

LEAST_SD = 1e-6  # of a window, in standard deviations of the training data


def scale_window(values: F64, window: SeriesWindow) -> F32:
    """Windows (..., S, C) in the units of the sensor, as the model takes them."""
    return scaled_as(values, values, window)


def scaled_as(past: F64, values: F64, window: SeriesWindow) -> F32:
    """Values (..., K, C) in the scale of the windows (..., S, C) that they belong to, in the units of the sensor."""
    mean, std = np.array(window.mean), np.array(window.std)
    if window.scaling is Scaling.WINDOW:
        mean = past.mean(axis=-2, keepdims=True)
        std = np.maximum(past.std(axis=-2, keepdims=True), LEAST_SD * std)
    made: F32 = ((values - mean) / std).astype(np.float32)
    return made
