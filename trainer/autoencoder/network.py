"""The network: a window through a narrow place and back."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import layers

from edge.contracts.windows import SeriesWindow
from trainer.autoencoder.settings import AutoencoderNetwork
from trainer.cells import GRU

RECONSTRUCTION, EMBEDDING = "reconstruction", "embedding"


def autoencoder(window: SeriesWindow, settings: AutoencoderNetwork) -> Any:
    """A Keras model of (B, S, C), scaled; outputs `reconstruction` (B, S, C) and `embedding` (B, E)."""
    given = keras.Input((window.samples, len(window.channels)), name="window")
    embedding, back = _KINDS[settings.kind](given, settings)
    return keras.Model(given, {RECONSTRUCTION: back, EMBEDDING: embedding})


def _dense(given: Any, settings: AutoencoderNetwork) -> tuple[Any, Any]:
    samples, channels = given.shape[1:]
    hidden = layers.Dense(settings.units, activation="relu")(layers.Flatten()(given))
    embedding = layers.Dense(settings.embedding)(hidden)
    hidden = layers.Dense(settings.units, activation="relu")(embedding)
    return embedding, layers.Reshape((samples, channels))(layers.Dense(samples * channels)(hidden))


def _recurrent(given: Any, settings: AutoencoderNetwork) -> tuple[Any, Any]:
    """GRUs over segments of the window, written out."""
    samples, channels = given.shape[1:]
    steps = samples // settings.segment
    segments = layers.Reshape((steps, settings.segment * channels))(given)
    embedding = layers.Dense(settings.embedding)(GRU(settings.units)(segments))
    fed = layers.Reshape((steps, settings.units))(layers.Dense(steps * settings.units, activation="relu")(embedding))
    hidden = GRU(settings.units, return_sequences=True)(fed)
    return embedding, layers.Reshape((samples, channels))(layers.Dense(settings.segment * channels)(hidden))


_KINDS: Mapping[str, Callable[[Any, AutoencoderNetwork], tuple[Any, Any]]] = {"dense": _dense, "recurrent": _recurrent}
