"""The trajectory network: a GRU over the window of each track, the ways of others pooled, a mixture of paths as answer.

Everything is unrolled and of a fixed size, so that it converts to TFLite's built-in operators in float and int8.
Letters as in `edge.contracts.track_windows`; N neighbours.
"""

from typing import Any

import keras
import numpy as np

from edge.contracts.track_neighbours import NEIGHBOUR_COLUMNS
from edge.contracts.track_windows import MOTION_COLUMNS, STATE_COLUMNS, Answer, columns
from edge.contracts.windows import TrackWindow
from trainer.cells import GRU
from trainer.forecaster.settings import ForecasterNetwork

INPUT, LOGIT, MEAN, LOG_SIGMA = "tracks", "logit", "mean", "log_sigma"
SPREADS = "spreads"  # the layer whose biases are logarithms of sigma, (modes * horizons)
HEADING = (STATE_COLUMNS.index("heading_cos"), STATE_COLUMNS.index("heading_sin") + 1)  # from, to
APART = (NEIGHBOUR_COLUMNS.index("apart_x"), NEIGHBOUR_COLUMNS.index("apart_y") + 1)
SHARPEN = 4.0  # what zigzags by a tenth of a step is rough already
FIRST_SIGMA = 0.2  # scales per step, before anything is learnt
LEAST_SQUARE = 1e-4  # square of a step, in scales, that has hardly a direction
FEW = 0.5  # steps of others, in scales, that tell half of what many would
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
    state = keras.layers.Concatenate()([*_state(tracks, settings, window), *_roughness(motion), *_axis(tracks, window)])
    first = keras.layers.Dense(settings.units, "tanh", name="first")(state)
    recurrent = GRU(settings.units, name="recurrent")(motion, initial_state=first)
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


def _state(tracks: Any, settings: ForecasterNetwork, window: TrackWindow) -> list[Any]:
    """(B, ...) columns that are the same in every sample."""
    now, begin = tracks[:, -1], len(MOTION_COLUMNS)
    end = columns(window) - len(NEIGHBOUR_COLUMNS) * window.neighbours
    if settings.directions:
        return [now[:, begin:end]]
    return [now[:, begin : begin + HEADING[0]], now[:, begin + HEADING[1] : end]]


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


def _axis(tracks: Any, window: TrackWindow) -> list[Any]:
    """(B, 3) the axis along which others go, as seen along the track's own heading: the axis of the street.

    The mean step of each neighbour becomes a vector of twice its angle and the same length, so that who goes up the
    street and who goes down say the same. Their sum, divided by all lengths together, is (1, 0) where all go along the
    track's heading, (-1, 0) where all go across, and short where each has a way of his own. The third is near 0 where
    nobody moves.
    """
    n, c = window.neighbours, len(NEIGHBOUR_COLUMNS)
    if not n:
        return []
    others = keras.layers.Reshape((window.samples, n, c))(tracks[:, :, columns(window) - n * c :])
    apart, own = others[..., APART[0] : APART[1]], tracks[:, :, None, :2]  # how far others go beyond the track itself
    known = keras.ops.cast(keras.ops.sum(keras.ops.abs(apart), axis=-1, keepdims=True) > 0, "float32")
    step = keras.ops.sum(((apart + own) * known)[:, 1:], axis=1) / max(1, window.samples - 1)  # (B, N, 2)
    x, y = step[..., :1], step[..., 1:]
    length = keras.ops.sqrt(x * x + y * y + LEAST_SQUARE)
    twice = keras.layers.Concatenate()([(x * x - y * y) / length, 2 * x * y / length, length])
    total = keras.ops.sum(twice, axis=1)
    return [total / (total[:, 2:] + FEW)]


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
