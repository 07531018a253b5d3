"""The network: a recurrent state over segments of the window, and what it makes of the future."""

from typing import Any

import keras
from keras import layers, ops

from edge.contracts.windows import SeriesWindow
from trainer.cells import GRU, LSTM
from trainer.series.settings import SeriesNetwork

MEAN, LOG_SIGMA, STATE = "mean", "log_sigma", "state"
CELLS = {"gru": GRU, "lstm": LSTM}


def forecaster(window: SeriesWindow, settings: SeriesNetwork) -> Any:
    """A Keras model of (B, S, C), scaled; outputs `mean` (B, K, C), `log_sigma` (B, K, C), `state` (B, C·U).

    Every channel goes through the same network by itself, less its newest value, which is added again to the mean:
    what is learnt is what comes on top of persistence (NLinear, Zeng et al., "Are transformers effective for time
    series forecasting?", AAAI 2023). A recurrent layer reads the window in segments (Lin et al., "SegRNN", 2023), so
    that a long window is few steps, which are written out; a linear map of the window may be added to its mean.
    """
    channels, samples, horizons = len(window.channels), window.samples, len(window.horizons)
    segment, units = settings.segment, settings.units
    given = keras.Input((samples, channels), name="window")
    newest = layers.Cropping1D((samples - 1, 0))(given)  # (B, 1, C)
    apart = ops.reshape(layers.Permute((2, 1))(layers.Subtract()([given, newest])), (-1, samples))  # (B·C, S)
    steps = ops.reshape(apart, (-1, samples // segment, segment))
    steps = layers.Dense(units, activation="relu")(steps)
    state = CELLS[settings.cell](units)(steps)  # (B·C, U)
    seen = layers.Dropout(settings.dropout)(state)
    ahead = layers.Dense(horizons, kernel_initializer="zeros")(layers.Dense(units, activation="relu")(seen))
    if settings.linear:
        ahead = layers.Add()([ahead, layers.Dense(horizons, use_bias=False, kernel_initializer="zeros")(apart)])
    unsure = layers.Dense(horizons, kernel_initializer="zeros")(layers.Dense(units, activation="relu")(seen))
    mean = layers.Add()([_per_horizon(ahead, channels, horizons), newest])
    outputs = {
        MEAN: mean,
        LOG_SIGMA: Shift(name="calibration")(_per_horizon(unsure, channels, horizons)),
        STATE: ops.reshape(state, (-1, channels * units)),
    }
    return keras.Model(given, outputs)


def _per_horizon(flat: Any, channels: int, horizons: int) -> Any:
    """(B, K, C) from (B·C, K)."""
    return layers.Permute((2, 1))(ops.reshape(flat, (-1, channels, horizons)))


@keras.saving.register_keras_serializable("foresight")
class Shift(layers.Layer):  # type: ignore[misc] # Keras comes without types
    """Adds a constant (K, C), which is set after training: the logarithm of what sigma is multiplied by."""

    def build(self, shape: Any) -> None:
        """Make the constant."""
        self.shift = self.add_weight(shape=shape[1:], initializer="zeros", trainable=False, name="shift")

    def call(self, values: Any) -> Any:
        """Add it."""
        return values + self.shift
