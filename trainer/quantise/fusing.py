"""Convolution, normalisation and activation become one part, as they are one operator in the converted file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.errors import TrainError
from trainer.quantise.graph import Graph, Step

LINEAR = "linear"
_ACTIVATIONS = {keras.activations.relu: "relu", keras.activations.relu6: "relu6", keras.activations.linear: LINEAR}


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """One operator with weights. `kind` is `full`, `depthwise` or `dense`."""

    name: str
    kind: str
    kernel: NDArray[np.float32]  # as Keras has it
    bias: NDArray[np.float32]
    strides: tuple[int, int]
    padding: str
    dilation: tuple[int, int]
    activation: str
    source: int
    output: int


Part = Fused | Step


def fuse(graph: Graph) -> list[Part]:
    """The parts of a network, in order; a `Step` is a layer that stays as it is.

    Raises:
        TrainError: a normalisation follows no convolution, or a convolution is of a kind that does not quantise.
    """
    made_by = {step.output: step for step in graph.steps}
    parts: dict[int, Part] = {}
    gone: set[int] = set()
    for step in graph.steps:
        if step.output in gone:
            continue
        if type(step.layer) in _READ:
            fused, eaten = _grown(graph, _unpadded(graph, _READ[type(step.layer)](step), made_by))
            gone |= eaten
            parts[fused.output] = fused
        elif isinstance(step.layer, keras.layers.BatchNormalization):
            raise TrainError(f"{step.layer.name} normalises what no convolution made; put it right behind one")
        else:
            parts[step.output] = step
    used = {value for part in parts.values() for value in sources(part)}
    return [part for value, part in parts.items() if value in used or value in graph.results]


def sources(part: Part) -> tuple[int, ...]:
    """The values that a part takes in."""
    return (part.source,) if isinstance(part, Fused) else part.inputs


def activation_of(layer: Any) -> str | None:
    """`relu`, `relu6` or `linear` where the layer is just that; None else."""
    if isinstance(layer, keras.layers.Activation):
        return _ACTIVATIONS.get(layer.activation)
    if isinstance(layer, keras.layers.ReLU) and not layer.negative_slope and not layer.threshold:
        return {None: "relu", 6.0: "relu6"}.get(layer.max_value)
    return None


def _grown(graph: Graph, fused: Fused) -> tuple[Fused, set[int]]:
    """With the normalisation and the activation behind it, and the values which that took."""
    eaten: set[int] = set()
    while fused.activation == LINEAR and (heir := graph.heir(fused.output)) is not None:
        activation = activation_of(heir.layer)
        if isinstance(heir.layer, keras.layers.BatchNormalization):
            fused = _folded(fused, heir.layer)
        elif activation is not None:
            fused = replace(fused, activation=activation)
        else:
            break
        fused = replace(fused, output=heir.output)
        eaten.add(heir.output)
    return fused, eaten


def _folded(fused: Fused, norm: Any) -> Fused:
    """`gamma * (conv(x) + bias - mean) / deviation + beta` as one convolution."""
    mean, variance = (np.asarray(one, np.float64) for one in (norm.moving_mean, norm.moving_variance))
    gamma = np.asarray(norm.gamma, np.float64) if norm.scale else np.ones_like(mean)
    beta = np.asarray(norm.beta, np.float64) if norm.center else np.zeros_like(mean)
    scale = gamma / np.sqrt(variance + norm.epsilon)
    shape = fused.kernel.shape[2:] if fused.kind == "depthwise" else fused.kernel.shape[-1:]
    kernel = (fused.kernel * scale.reshape(shape)).astype(np.float32)
    return replace(fused, kernel=kernel, bias=((fused.bias - mean) * scale + beta).astype(np.float32))


def _unpadded(graph: Graph, fused: Fused, made_by: Mapping[int, Step]) -> Fused:
    """Without the layer of zeros before it, where that is just what `same` does."""
    before = made_by.get(fused.source)
    if before is None or not isinstance(before.layer, keras.layers.ZeroPadding2D) or fused.padding != "valid":
        return fused
    size = before.layer.input.shape[1:3]
    if fused.dilation != (1, 1) or before.layer.data_format != "channels_last" or graph.heir(fused.source) is None:
        return fused
    same = tuple(map(_same, size, fused.kernel.shape[:2], fused.strides))
    return replace(fused, source=before.inputs[0], padding="same") if same == before.layer.padding else fused


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """How many zeros TensorFlow's padding `same` puts before and after."""
    whole = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return whole // 2, whole - whole // 2


def _full(step: Step) -> Fused:
    return _spatial(step, "full", step.layer.kernel, step.layer.kernel.shape[-1])


def _depthwise(step: Step) -> Fused:
    kernel = step.layer.kernel
    return _spatial(step, "depthwise", kernel, kernel.shape[2] * kernel.shape[3])


def _spatial(step: Step, kind: str, kernel: Any, outputs: int) -> Fused:
    layer = step.layer
    if layer.data_format != "channels_last" or getattr(layer, "groups", 1) != 1:
        raise TrainError(f"{layer.name} cannot be quantised in training: it has groups, or its channels come first")
    return Fused(
        name=layer.name,
        kind=kind,
        kernel=np.asarray(kernel, np.float32),
        bias=_bias(layer, outputs),
        strides=tuple(layer.strides),
        padding=layer.padding,
        dilation=tuple(layer.dilation_rate),
        activation=_own(layer),
        source=step.inputs[0],
        output=step.output,
    )


def _dense(step: Step) -> Fused:
    layer = step.layer
    kernel, bias = np.asarray(layer.kernel, np.float32), _bias(layer, layer.units)
    ends = {"source": step.inputs[0], "output": step.output}
    return Fused(layer.name, "dense", kernel, bias, (1, 1), "valid", (1, 1), _own(layer), **ends)


def _bias(layer: Any, outputs: int) -> NDArray[np.float32]:
    return np.asarray(layer.bias, np.float32) if layer.use_bias else np.zeros(outputs, np.float32)


def _own(layer: Any) -> str:
    activation = _ACTIVATIONS.get(layer.activation)
    if activation is None:
        raise TrainError(f"{layer.name} has an activation of its own; give it a layer behind: keras.layers.Activation")
    return activation


_READ: Mapping[type, Callable[[Step], Fused]] = {
    keras.layers.Conv2D: _full,
    keras.layers.DepthwiseConv2D: _depthwise,
    keras.layers.Dense: _dense,
}
