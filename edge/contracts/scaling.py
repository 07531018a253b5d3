"""Brings a window of values to the scale that a model knows; the same in training and in service."""

import numpy as np

from edge.contracts.types import F32, F64
from edge.contracts.windows import Scaling, SeriesWindow

LEAST_SD = 1e-6  # of a window, in standard deviations of the training data


def scale_window(values: F64, window: SeriesWindow) -> F32:
    """Windows (..., S, C) in the units of the sensor, as the model takes them."""
    mean, std = np.array(window.mean), np.array(window.std)
    if window.scaling is Scaling.WINDOW:
        mean = values.mean(axis=-2, keepdims=True)
        std = np.maximum(values.std(axis=-2, keepdims=True), LEAST_SD * std)
    made: F32 = ((values - mean) / std).astype(np.float32)
    return made
