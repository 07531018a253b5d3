"""The trajectory network: a GRU over the window of each track, others pooled, a mixture of paths as the answer.

Everything is unrolled and of a fixed size, so that it converts to TFLite's built-in operators in float and int8.
Letters as in `edge.contracts.track_windows`; N neighbours.
"""

from typing import Any

import keras
import numpy as np

from edge.contracts.track_neighbours import NEIGHBOUR_COLUMNS
from edge.contracts.track_windows import MOTION_COLUMNS, Answer, columns
from edge.contracts.windows import TrackWindow
from trainer.forecaster.settings import ForecasterNetwork

INPUT, LOGIT, MEAN, LOG_SIGMA = "tracks", "logit", "mean", "log_sigma"
SPREADS = "spreads"  # the layer whose biases are logarithms of sigma, (modes * horizons)
SHARPEN = 4.0  # what zigzags by a tenth of a step is rough already
FIRST_SIGMA = 0.2  # scales per step, before anything is learnt
AT_ONCE = 4096  # windows that are asked about together


def forecaster(settings: ForecasterNetwork, window: TrackWindow, batch: int | None = None) -> Any:
    """A Keras model from `tracks` (B, S, F) to `logit` (B, M), `mean` (B, M, K, 2) and `log_sigma` (B, M, K).

    Args:
        settings: its size.
        window: what it takes and answers.
        batch: B, None = any number of tracks, for training.
    """
    tracks = keras.Input((window.samples, columns(window)), batch_size=batch, name=INPUT)
    motion = tracks[:, :, : len(MOTION_COLUMNS)]
    state = keras.layers.Concatenate()([_state(tracks, window), *_roughness(motion)])
    steps = [motion]
    if window.neighbours:
        steps.append(_pooled(tracks, settings, window))
    seen = keras.layers.Concatenate()(steps) if len(steps) > 1 else motion
    first = keras.layers.Dense(settings.units, "tanh", name="first")(state)
    recurrent = keras.layers.GRU(settings.units, unroll=True, name="recurrent")(seen, initial_state=first)
    hidden = keras.layers.Concatenate()([recurrent, state])
    hidden = keras.layers.Dense(settings.hidden, "relu", name="hidden")(hidden)
    return keras.Model(tracks, _answer(hidden, window), name="forecaster")


def frozen_batch(model: Any, settings: ForecasterNetwork, window: TrackWindow) -> Any:
    """The same network for calls of exactly `window.tracks` tracks, as it is exported."""
    fixed = forecaster(settings, window, window.tracks)
    fixed.set_weights(model.get_weights())
    return fixed


def answers(model: Any, x: Any) -> Answer:
    """What a network for any number of tracks says of windows (n, S, F)."""
    parts = [model(x[begin : begin + AT_ONCE], training=False) for begin in range(0, len(x), AT_ONCE)]
    return Answer(*(np.concatenate([np.asarray(part[name]) for part in parts]) for name in (LOGIT, MEAN, LOG_SIGMA)))


def _state(tracks: Any, window: TrackWindow) -> Any:
    """(B, ...) columns that are the same in every sample."""
    end = columns(window) - len(NEIGHBOUR_COLUMNS) * window.neighbours
    return tracks[:, -1, len(MOTION_COLUMNS) : end]


def _roughness(motion: Any) -> list[Any]:
    """(B, 2) each: how much successive steps differ, and how much these differences do, as a mean over the window.

    Paths that are measured coarsely zigzag, and are to be smoothed; smooth ones are to be believed to the last step.
    """
    if motion.shape[1] < 4:
        return []  # too short to tell
    step = motion[:, 1:, :2]
    change = step[:, 1:] - step[:, :-1]
    differences = (change, change[:, 1:] - change[:, :-1])
    return [keras.layers.GlobalAveragePooling1D()(keras.ops.abs(one) * SHARPEN) for one in differences]


def _pooled(tracks: Any, settings: ForecasterNetwork, window: TrackWindow) -> Any:
    """(B, S, pooled) the strongest answer of any neighbour at each sample."""
    n, c = window.neighbours, len(NEIGHBOUR_COLUMNS)
    others = keras.layers.Reshape((window.samples, n, c))(tracks[:, :, columns(window) - n * c :])
    seen = keras.layers.Dense(settings.pooled, "relu", name="neighbours")(others)
    return keras.ops.max(seen, axis=2)


def _answer(hidden: Any, window: TrackWindow) -> dict[str, Any]:
    m, k = window.modes, len(window.horizons_s)
    spread = keras.initializers.RandomNormal(stddev=0.02)
    mean = keras.layers.Dense(m * k * 2, kernel_initializer=spread, name="paths")(hidden)
    sigma = keras.layers.Dense(
        m * k,
        kernel_initializer=spread,
        bias_initializer=keras.initializers.Constant(float(np.log(FIRST_SIGMA))),
        name=SPREADS,
    )(hidden)
    return {
        LOGIT: keras.layers.Dense(m, kernel_initializer=spread, name=LOGIT)(hidden),
        MEAN: keras.layers.Reshape((m, k, 2), name=MEAN)(mean),
        LOG_SIGMA: keras.layers.Reshape((m, k), name=LOG_SIGMA)(sigma),
    }
