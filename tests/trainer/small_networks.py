"""Small networks with everything that quantisation must know."""

from typing import Any

import keras
import numpy as np
from keras import layers

from edge.contracts.types import F32
from trainer.detector.network import Doubled

PX = 32


def convolved(x: Any, channels: int, name: str, **how: Any) -> Any:
    x = layers.Conv2D(channels, use_bias=False, name=name, **how)(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def strided(x: Any, name: str) -> Any:
    """Halved as Keras' MobileNets do: zeros below and on the right, then a depthwise convolution without any."""
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{name}_pad")(x)
    x = layers.DepthwiseConv2D(3, 2, padding="valid", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def body() -> Any:
    keras.utils.set_random_seed(3)
    picture = keras.Input((PX, PX, 3))
    near = convolved(picture, 8, "stem", kernel_size=3, strides=2, padding="same")
    far = convolved(strided(near, "half"), 8, "narrow", kernel_size=1)
    linear = layers.BatchNormalization(name="lin_bn")(layers.Conv2D(8, 1, use_bias=False, name="lin")(far))
    return keras.Model(picture, [near, layers.Add(name="shortcut")([far, linear])], name="body")


def pyramid() -> Any:
    """Two outputs, of rows of two levels each, over a body of its own."""
    picture = keras.Input((PX, PX, 3), name="picture")
    near, far = body()(picture, training=False)
    near = layers.Add(name="sum")([near, Doubled(name="up")(far)])
    boxes: list[Any] = []
    logits: list[Any] = []
    for name, level in (("near", near), ("far", far)):
        features = layers.SpatialDropout2D(0.1, name=f"{name}_dropout")(level)
        for rows, outputs, kind in ((boxes, 4, "box"), (logits, 2, "class")):
            x = layers.Conv2D(outputs, 1, bias_initializer=keras.initializers.Constant(-4.6), name=f"{name}_{kind}")
            rows.append(layers.Reshape((-1, outputs), name=f"{name}_{kind}_rows")(x(features)))
    box, logit = layers.Concatenate(1, name="boxes")(boxes), layers.Concatenate(1, name="logits")(logits)
    return uneven(keras.Model(picture, {"boxes": box, "logits": logit}, name="small"))


def classifier() -> Any:
    """Probabilities, and the embedding that they are made of."""
    picture = keras.Input((PX, PX, 3), name="picture")
    embedding = layers.GlobalAveragePooling2D(name="embedding")(body()(picture)[1])
    logit = layers.Dense(5, name="logits")(layers.Dropout(0.2)(embedding))
    score = layers.Softmax(name="scores")(logit)
    return uneven(keras.Model(picture, {"scores": score, "embedding": embedding}, name="small"))


def uneven(model: Any) -> Any:
    """With statistics as after training: no two channels alike."""
    random = np.random.default_rng(3)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            count = layer.gamma.shape[0]
            low, high = random.uniform(0.5, 1.5, (2, count))
            layer.set_weights([low, random.normal(0, 0.3, count), random.normal(0, 0.2, count), high])
    return model


def pictures(seed: int = 1, count: int = 4) -> F32:
    return np.random.default_rng(seed).uniform(-1, 1, (count, PX, PX, 3)).astype(np.float32)
