"""The network: a feature pyramid over the backbone, and a head of two branches for each stride.

Every operator quantises to int8 and is mapped by the Edge TPU: convolutions, depthwise ones, ReLU6, additions,
nearest-neighbour resizing, reshapes, one concatenation, the logistic function.
"""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from trainer.detector.architecture import STRIDES, Architecture
from trainer.detector.backbone import NONE, backbone

PRIOR = 0.01  # the score of every cell before anything is learnt: most show nothing (Lin et al., Focal Loss, 2017)
HEAD_DEPTH = 2


@keras.saving.register_keras_serializable("foresight")  # Keras comes without types
class Doubled(layers.Layer):  # type: ignore[misc]
    """Twice as large, by repeating: RESIZE_NEAREST_NEIGHBOR, which quantisers know; UpSampling2D becomes TILE.

    Without "half pixel centres", which make no difference here: the Edge TPU's compiler refuses the operator's version
    that has them, and whatever follows.
    """

    def call(self, x: Any) -> Any:
        """(B, h, w, C) to (B, 2 h, 2 w, C)."""
        _, height, width, _ = x.shape
        return tf.raw_ops.ResizeNearestNeighbor(images=x, size=(2 * height, 2 * width), half_pixel_centers=False)


def detector(architecture: Architecture, weights: str = NONE, *, frozen: bool = True) -> Any:
    """The network as a Keras model.

    From pictures (B, S, S, 3), -1..1, to `boxes` (B, A, 4), raw as `architecture.Grid` says, and `logits` (B, A, C).
    With weights and `frozen`, the backbone's normalisation stays as it is.

    Raises:
        TrainError: the backbone's weights are of another network.
    """
    body = backbone(architecture, weights, frozen=frozen)
    picture = keras.Input((architecture.input_px, architecture.input_px, 3), name="picture")
    maps = _pyramid(body(picture), architecture.channels)
    boxes, logits = [], []
    for stride, features in zip(STRIDES, maps, strict=True):
        boxes.append(_branch(features, 4, architecture, f"box_{stride}", 0.0))
        start = -math.log((1 - PRIOR) / PRIOR)
        logits.append(_branch(features, architecture.classes, architecture, f"class_{stride}", start))
    box, logit = layers.Concatenate(1, name="boxes")(boxes), layers.Concatenate(1, name="logits")(logits)
    return keras.Model(picture, {"boxes": box, "logits": logit}, name="detector")


def _pyramid(maps: list[Any], channels: int) -> list[Any]:
    """Top down: what is far up says what it is, what is below says where (Lin et al., FPN, 2017)."""
    sides = [_pointwise(one, channels, f"side_{stride}") for stride, one in zip(STRIDES, maps, strict=True)]
    merged = [sides[-1]]
    for stride, side in zip(reversed(STRIDES[:-1]), reversed(sides[:-1]), strict=True):
        summed = layers.Add(name=f"sum_{stride}")([side, Doubled(name=f"up_{stride}")(merged[0])])
        merged.insert(0, _separable(summed, channels, f"smooth_{stride}"))
    return merged


def _branch(x: Any, outputs: int, architecture: Architecture, name: str, start: float) -> Any:
    for depth in range(HEAD_DEPTH):
        x = _separable(x, architecture.channels, f"{name}_{depth}")
    if architecture.dropout:
        x = layers.SpatialDropout2D(architecture.dropout, name=f"{name}_dropout")(x)
    bias = keras.initializers.Constant(start)
    x = layers.Conv2D(outputs, 1, bias_initializer=bias, kernel_initializer=_small(), name=f"{name}_out")(x)
    return layers.Reshape((-1, outputs), name=f"{name}_rows")(x)


def _small() -> Any:
    return keras.initializers.RandomNormal(stddev=0.01)


def _pointwise(x: Any, channels: int, name: str) -> Any:
    x = layers.Conv2D(channels, 1, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _separable(x: Any, channels: int, name: str) -> Any:
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_dw")(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_dw_bn")(x)
    x = layers.ReLU(6.0, name=f"{name}_dw_relu")(x)
    return _pointwise(x, channels, f"{name}_pw")
