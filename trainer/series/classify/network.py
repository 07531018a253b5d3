"""The networks: convolutions in time (and, of sounds, in frequency), a recurrent layer, an embedding, a head.

Letters in shapes: B windows, S samples or frames, C channels or bands, L classes, E numbers of the embedding. All
layers are built-in operators that quantise to int8; the recurrent one is written out step by step.
"""

from typing import Any

import keras
from keras import layers, ops

from edge.contracts.windows import SoundWindow
from trainer.cells import GRU
from trainer.series.classify.inputs import ClassWindow
from trainer.series.classify.settings import ClassifyNetwork

EMBEDDING, LOGITS, PROBABILITIES = "embedding", "logits", "probabilities"
FORGETTING = 0.9  # of the running mean and variance of a normalisation, per step
MOST_UNROLLED = 32  # steps of the recurrent layer: each is written out in the model file


def classifier(window: ClassWindow, settings: ClassifyNetwork, classes: int) -> Any:
    """The network as it is trained: windows (B, S, C), scaled, to `logits` (B, M, L) and `embedding` (B, M E).

    M members side by side are trained each for itself.
    """
    body = _sound if isinstance(window, SoundWindow) else _motion
    given = keras.Input(window.shape[1:], name="window")
    members = [_member(body(given, settings), settings, classes, number) for number in range(settings.members)]
    logits = ops.stack([one[0] for one in members], axis=1)
    vectors = [one[1] for one in members]
    embedding = layers.Concatenate()(vectors) if len(vectors) > 1 else vectors[0]
    return keras.Model(given, {LOGITS: logits, EMBEDDING: embedding}, name="classifier")


def finished(model: Any, temperature: float, members: int) -> Any:
    """The network as it goes out: `probabilities` (B, L), the mean of the members', and `embedding` (B, M E)."""
    for number in range(members):
        head = model.get_layer(f"{LOGITS}_{number}")
        head.set_weights([array / temperature for array in head.get_weights()])
    each = [layers.Softmax()(model.get_layer(f"{LOGITS}_{number}").output) for number in range(members)]
    mean = layers.Average(name=PROBABILITIES)(each) if members > 1 else each[0]
    return keras.Model(model.input, {PROBABILITIES: mean, EMBEDDING: model.output[EMBEDDING]}, name="classifier")


def _member(features: Any, settings: ClassifyNetwork, classes: int, number: int) -> tuple[Any, Any]:
    """Logits (B, L) and vector (B, E)."""
    kept = layers.Dropout(settings.dropout)(features)
    vector = layers.Dense(settings.embedding, name=f"{EMBEDDING}_{number}")(kept)
    small = keras.initializers.RandomNormal(stddev=0.05)
    logits = layers.Dense(classes, kernel_initializer=small, name=f"{LOGITS}_{number}")(vector)
    return logits, vector


def _sound(given: Any, settings: ClassifyNetwork) -> Any:
    """Features (B, n) of log-mel rows less their mean over the window, which is the microphone's and the voice's."""
    width, (frames, bands) = settings.width, given.shape[1:]
    mean = layers.GlobalAveragePooling1D(keepdims=True)(given)
    picture = layers.Reshape((frames, bands, 1))(layers.Subtract()([given, mean]))
    seen = _normal(layers.Conv2D(width, 5, 2, "same", use_bias=False)(picture))
    seen = _normal(layers.Conv2D(width, 3, (1, 2), "same", use_bias=False)(seen))
    seen = _normal(layers.Conv2D(2 * width, 3, 2, "same", use_bias=False)(seen))
    rows = layers.Reshape((seen.shape[1], seen.shape[2] * seen.shape[3]))(seen)
    rows = layers.Dropout(settings.dropout)(rows)
    short = _normal(layers.Conv1D(settings.units, 1, use_bias=False)(rows))
    state = GRU(settings.units, return_sequences=True)(rows)
    return layers.Flatten()(layers.Concatenate()([short, state]))


def _motion(given: Any, settings: ClassifyNetwork) -> Any:
    """Features (B, n) of values: what happens matters, not when in the window."""
    seen = given
    for times in (1, 2):
        seen = _normal(layers.SeparableConv1D(times * settings.width, 5, 2, "same", use_bias=False)(seen))
    while seen.shape[1] > MOST_UNROLLED:
        seen = _normal(layers.SeparableConv1D(seen.shape[2], 5, 2, "same", use_bias=False)(seen))
    seen = layers.Dropout(settings.dropout)(seen)
    state = GRU(settings.units)(seen)
    parts = [state, layers.GlobalAveragePooling1D()(seen), layers.GlobalMaxPooling1D()(seen)]
    return layers.Concatenate()(parts)


def _normal(seen: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization(momentum=FORGETTING)(seen))
