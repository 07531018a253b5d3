"""A detector's backbone: one of Keras' MobileNets, tapped at three strides."""

from collections.abc import Mapping
from typing import Any

import keras

from trainer.backbones import IMAGENET, NONE, imagenet_network
from trainer.detector.architecture import Architecture

__all__ = ["IMAGENET", "NONE", "TAPS", "backbone"]

# The layers whose outputs have strides 8, 16 and 32.
TAPS: Mapping[str, tuple[str, str, str]] = {
    "mobilenet_v1": ("conv_pw_5_relu", "conv_pw_11_relu", "conv_pw_13_relu"),
    "mobilenet_v2": ("block_6_expand_relu", "block_13_expand_relu", "block_16_project_BN"),
}


def backbone(architecture: Architecture, weights: str = NONE, *, frozen: bool = True) -> Any:
    """A Keras model from (S, S, 3) pixels in -1..1 to feature maps of strides 8, 16 and 32.

    Args:
        architecture: kind, width and picture.
        weights: see `imagenet_network`.
        frozen: see there.

    Raises:
        TrainError: there is no such file, it is of another network, or nothing can be downloaded.
    """
    whole = imagenet_network(architecture.backbone, architecture.width, architecture.input_px, weights, frozen=frozen)
    taps = [whole.get_layer(name).output for name in TAPS[architecture.backbone]]
    return keras.Model(whole.input, taps, name="backbone")
