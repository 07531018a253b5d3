"""The network: a backbone, averaged over the picture, an embedding, and a head that tells the classes apart.

Every operator quantises to int8 and is mapped by the Edge TPU: convolutions, depthwise ones, ReLU6, additions, the
mean, fully connected layers, softmax. The embedding leaves the network as it is, not brought to length 1: readers do
that (`edge.contracts.decode_scores.embedding`), in float, where it costs nothing and loses nothing to rounding.
"""

from typing import Any

import keras
from keras import layers

from trainer.backbones import NONE, imagenet_network
from trainer.classifier.architecture import Architecture

EMBEDDING, LOGITS, PROBABILITIES = "embedding", "logits", "probabilities"


def classifier(architecture: Architecture, weights: str = NONE) -> Any:
    """The network as it is trained: pictures (B, S, S, 3), -1..1, to `logits` (B, C) and `embedding` (B, E).

    With weights, the backbone's normalisation stays as it is.
    The embedding begins as a turn of the backbone's features that keeps their angles: neighbours stay neighbours.

    Raises:
        TrainError: the backbone's weights are of another network.
    """
    size = architecture.input_px
    body = imagenet_network(architecture.backbone, architecture.width, size, weights)
    picture = keras.Input((size, size, 3), name="picture")
    features = body(picture)
    average = layers.GlobalAveragePooling2D(name="average")(features)
    vector = layers.Dense(architecture.embedding, kernel_initializer="orthogonal", name=EMBEDDING)(average)
    kept = layers.Dropout(architecture.dropout, name="dropout")(vector)
    small = keras.initializers.RandomNormal(stddev=0.01)  # sure of nothing at first, however long the vectors are
    logits = layers.Dense(architecture.classes, kernel_initializer=small, name=LOGITS)(kept)
    return keras.Model(picture, {LOGITS: logits, EMBEDDING: vector}, name="classifier")


def finished(model: Any, temperature: float) -> Any:
    """The network as it goes out: `probabilities` (B, C), as sure as it ought to be, and `embedding` (B, E).

    Args:
        model: as `classifier` made it; its head is changed.
        temperature: what the logits are divided by; it goes into the head's weights and costs nothing.
    """
    head = model.get_layer(LOGITS)
    head.set_weights([array / temperature for array in head.get_weights()])
    outputs = model.output
    probabilities = layers.Softmax(name=PROBABILITIES)(outputs[LOGITS])
    return keras.Model(model.input, {PROBABILITIES: probabilities, EMBEDDING: outputs[EMBEDDING]}, name="classifier")
