"""Tiny untrained networks of sequences, one for each task, and the windows that they take."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge.contracts.manifest import Task
from edge.contracts.windows import Scaling, SeriesWindow, SoundWindow, TrackWindow, Window
from tests.trainer.tensor import tensorflow
from trainer.sequences.trained import SequenceTrained

TRACKS = TrackWindow(tracks=4, samples=6, step_s=0.2, horizons_s=(0.5, 1.0), modes=2, labels=("person",), neighbours=0)
SERIES = SeriesWindow(("temperature", "power"), 8, 1.0, Scaling.FIXED, (20.0, 100.0), (2.0, 30.0), (1, 3, 4))
MOTION = SeriesWindow(("x", "y", "z"), 8, 0.02, Scaling.WINDOW, (0.0,) * 3, (1.0,) * 3, ())
SOUND = SoundWindow(8000, 0.025, 0.01, 6, 60.0, 4000.0, 10, (0.0,) * 6, (1.0,) * 6)
FEATURES = 5  # of a sample of a track


def trajectory() -> Any:
    """A GRU over tracks, with a free batch."""
    keras = tensorflow().keras
    from trainer.cells import GRU  # noqa: PLC0415 - it needs Keras

    layers = keras.layers
    given = keras.Input((TRACKS.samples, FEATURES), name="anything")
    seen = GRU(8)(given)
    modes, horizons = TRACKS.modes, len(TRACKS.horizons_s)
    means = layers.Reshape((modes, horizons, 2))(layers.Dense(modes * horizons * 2)(seen))
    sigmas = layers.Reshape((modes, horizons))(layers.Dense(modes * horizons)(seen))
    return keras.Model(given, {"logit": layers.Dense(modes)(seen), "mean": means, "log_sigma": sigmas})


def series() -> Any:
    """An LSTM over values, with a batch of one."""
    keras = tensorflow().keras
    from trainer.cells import LSTM  # noqa: PLC0415

    layers = keras.layers
    channels, horizons = len(SERIES.channels), len(SERIES.horizons)
    given = keras.Input(batch_shape=(1, SERIES.samples, channels))
    state = LSTM(8)(given)
    outputs = {
        name: layers.Reshape((horizons, channels))(layers.Dense(horizons * channels)(state))
        for name in ("mean", "log_sigma")
    }
    return keras.Model(given, {**outputs, "state": state})


def motion() -> Any:
    """A bidirectional GRU of Keras over values, three classes."""
    keras = tensorflow().keras
    layers = keras.layers
    given = keras.Input((MOTION.samples, len(MOTION.channels)))
    seen = layers.Bidirectional(layers.GRU(4, unroll=True))(given)
    return keras.Model(given, {"embedding": seen, "probabilities": layers.Dense(3, activation="softmax")(seen)})


def sound() -> Any:
    """Convolutions over a sound, two classes."""
    keras = tensorflow().keras
    layers = keras.layers
    given = keras.Input((SOUND.frames, SOUND.bands))
    seen = layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3, activation="relu")(given))
    return keras.Model(given, {"embedding": seen, "probabilities": layers.Dense(2, activation="softmax")(seen)})


def autoencoder() -> Any:
    """A dense one."""
    keras = tensorflow().keras
    layers = keras.layers
    samples, channels = MOTION.samples, len(MOTION.channels)
    given = keras.Input((samples, channels))
    seen = layers.Dense(4, activation="relu")(layers.Flatten()(given))
    made = layers.Reshape((samples, channels))(layers.Dense(samples * channels)(seen))
    return keras.Model(given, {"reconstruction": made, "embedding": seen})


def described(folder: Path, kind: str) -> SequenceTrained:
    """What one of `NETWORKS` is for."""
    task, window, labels, _ = NETWORKS[kind]
    return SequenceTrained(folder, task, kind, labels, window)


NETWORKS: Mapping[str, tuple[Task, Window, tuple[str, ...], Callable[[], Any]]] = {
    "trajectory": (Task.FORECASTER, TRACKS, (), trajectory),
    "series": (Task.SERIES, SERIES, (), series),
    "motion": (Task.SEQUENCE, MOTION, ("wave", "turn", "rest"), motion),
    "sound": (Task.SEQUENCE, SOUND, ("yes", "no"), sound),
    "autoencoder": (Task.AUTOENCODER, MOTION, (), autoencoder),
}
