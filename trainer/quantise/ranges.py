"""Which values of a network get a range of their own, and which share one, as TFLite's int8 operators have it."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from trainer.detector.network import Doubled
from trainer.errors import TrainError
from trainer.quantise.fusing import Fused, Part, activation_of
from trainer.quantise.graph import Graph

Limits = tuple[float, float]
PIXELS: Limits = (-1.0, 1.0)  # of the picture, whatever the darkest or brightest that was seen
_PROBABILITY: Limits = (0.0, 255 / 256)  # what TFLite gives LOGISTIC and SOFTMAX: scale 1/256 from 0
_SIGNED: Limits = (-1.0, 127 / 128)  # TANH and L2_NORMALIZATION: scale 1/128 about 0
_FIXED = {
    keras.activations.sigmoid: _PROBABILITY,
    keras.activations.softmax: _PROBABILITY,
    keras.activations.tanh: _SIGNED,
}
# They hand values on: what goes in and what comes out have one scale.
_SAME = (
    Doubled,
    keras.layers.AveragePooling2D,
    keras.layers.Cropping2D,
    keras.layers.Flatten,
    keras.layers.MaxPooling2D,
    keras.layers.Reshape,
    keras.layers.ZeroPadding2D,
)
_JOINS = keras.layers.Concatenate  # all that is joined has the scale of the whole
_MEASURED = (
    _JOINS,
    keras.layers.Add,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.Multiply,
    keras.layers.ReLU,
    keras.layers.Subtract,
)


def rounded_parts(graph: Graph, parts: list[Part]) -> dict[int, Limits | None]:
    """The values that are rounded; with the limits of those whose range TFLite dictates, None where it is measured.

    Raises:
        TrainError: a layer is of a kind whose rounding is not known.
    """
    return {
        part.output: _limits(part) for part in parts if not _hands_on(part) and not _waits(graph, parts, part.output)
    }


def _hands_on(part: Part) -> bool:
    return not isinstance(part, Fused) and isinstance(part.layer, _SAME)


def _limits(part: Part) -> Limits | None:
    if isinstance(part, Fused) or isinstance(part.layer, _MEASURED) or activation_of(part.layer) is not None:
        return None
    for kind, limits in _LIMITED.items():
        if isinstance(part.layer, kind):
            return limits(part.layer)
    raise _unknown(part.layer)


def _waits(graph: Graph, parts: list[Part], value: int) -> bool:
    """All that takes this value in joins or cuts it, straight or handed on: it is rounded there, by that range."""
    users = [part for part in parts if not isinstance(part, Fused) and value in part.inputs]
    takers = [part for part in parts if isinstance(part, Fused) and part.source == value]
    if value in graph.results or takers or not users:
        return False
    return all(
        isinstance(user.layer, _JOINS)
        or activation_of(user.layer) is not None
        or (_hands_on(user) and _waits(graph, parts, user.output))
        for user in users
    )


def _of_activation(layer: Any) -> Limits:
    limits = _FIXED.get(layer.activation)
    if limits is None:
        raise _unknown(layer)
    return limits


def _unknown(layer: Any) -> TrainError:
    return TrainError(
        f"{layer.name} ({type(layer).__name__}) is of a kind whose int8 form is not known; build the network of "
        "convolutions, ReLU6, additions and the other layers of the detector, or quantise it after training"
    )


_LIMITED: Mapping[type, Callable[[Any], Limits]] = {
    keras.layers.Activation: _of_activation,
    keras.layers.Softmax: lambda _: _PROBABILITY,
    keras.layers.UnitNormalization: lambda _: _SIGNED,
}
