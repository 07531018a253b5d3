"""Keras' own MobileNets with ImageNet weights: what detectors and classifiers begin with."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.contracts.arrays import ArraysError, unpack
from trainer.detector.architecture import Backbone
from trainer.errors import TrainError
from trainer.trained import is_run

_MADE_BY = {"mobilenet_v1": keras.applications.MobileNet, "mobilenet_v2": keras.applications.MobileNetV2}
IMAGENET, NONE = "imagenet", "none"
PUBLISHED_PX = 224  # the pictures that published weights were trained on
MOMENTUM = 0.97  # of normalisation's statistics: Keras' own .999 would not reach them in a short training
_KINDS = {keras.layers.DepthwiseConv2D: "depthwise_kernel", keras.layers.Conv2D: "kernel"}
_STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")


def imagenet_network(kind: Backbone, width: float, size: int, weights: str = NONE, *, frozen: bool = True) -> Any:
    """A Keras model from (S, S, 3) pixels in -1..1 to the last feature map, of stride 32.

    Normalisation is frozen by `trainable`, for Keras hands the `training` of an outer call on to every layer, whatever
    an inner call was given.

    Args:
        kind: of network.
        width: multiplier of its channels.
        size: side of its picture.
        weights: a file (Keras' own `.h5`, or an `.npz` of its arrays), `imagenet` to download what Keras publishes,
            `none` for random ones, the folder of a run for those of the whole network, which are not given here.
        frozen: with weights, normalisation stays as it came: a small data set would spoil its statistics.

    Raises:
        TrainError: there is no such file, it is of another network, or nothing can be downloaded.
    """
    whole = _made(kind, width, size, None)
    if weights == IMAGENET:
        whole.set_weights(_published(kind, width).get_weights())
    elif weights != NONE and not is_run(weights):  # those of a run are given to the whole network
        _load(whole, Path(weights))
    for layer in whole.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOMENTUM
            layer.trainable = weights == NONE or not frozen
    return whole


def _made(kind: Backbone, width: float, size: int, weights: str | None) -> Any:
    return _MADE_BY[kind](input_shape=(size, size, 3), alpha=width, include_top=False, weights=weights)


def _published(kind: Backbone, width: float) -> Any:
    try:
        return _made(kind, width, PUBLISHED_PX, IMAGENET)
    except Exception as error:  # whatever a download and its archive can raise
        line = (str(error).splitlines() or [""])[0]
        raise TrainError(
            f"ImageNet weights of {kind}, width {width:g}, cannot be had: {line}; name a "
            "file of them (--weights FILE), or begin from random ones (--weights none): that takes far more pictures"
        ) from error


def _load(model: Any, path: Path) -> None:
    if not path.is_file():
        raise TrainError(f"there are no weights at {path}; name a file, `imagenet` to download them, or `none`")
    try:
        if path.suffix == ".npz":
            _assign(model, unpack(path.read_bytes()))
        else:
            model.load_weights(path)
    except (OSError, ArraysError, ValueError, KeyError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise TrainError(f"{path} does not hold the weights of {model.name}: {line}; choose the right width") from error


def _assign(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Arrays have the layers' names of another creation, so their order within each kind counts."""
    for kind, key in _KINDS.items():
        layers = [layer for layer in model.layers if type(layer) is kind]
        _fill(layers, [key], arrays)
    _fill([one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)], _STATISTICS, arrays)


def _fill(layers: list[Any], keys: Any, arrays: Mapping[str, np.ndarray]) -> None:
    columns = [sorted((name for name in arrays if name.endswith(f"__{key}")), key=_natural) for key in keys]
    if any(len(column) != len(layers) for column in columns):
        raise ValueError(f"{len(layers)} layers with {keys[0]}, and {len(columns[0])} arrays")
    for layer, names in zip(layers, zip(*columns, strict=True), strict=True):
        layer.set_weights([arrays[name] for name in names])


def _natural(name: str) -> list[tuple[int, str]]:
    """`conv_2` before `conv_10`."""
    stem = name.rpartition("__")[0]  # else the layer without a number would not come first
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", stem)]
