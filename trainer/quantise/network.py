"""A trained network made anew of fused parts, with the rounding of int8 in it or without."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.quantise.fusing import Fused, Part, fuse, sources
from trainer.quantise.graph import PICTURE, Graph, read_graph
from trainer.quantise.layers import FusedConvolution, Rounded
from trainer.quantise.ranges import PIXELS, Limits, rounded_parts


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    graph: Graph
    parts: list[Part]
    rounded: Mapping[int, Limits | None]


def fake_quantised(model: Any, calibration: Iterable[F32], steps: int) -> Any:
    """A network that computes as the int8 file will, and learns to live with it.

    Normalisation is folded into the convolutions: its statistics stay what they were. Outputs are named as before.

    Args:
        model: trained, functional, one picture in.
        calibration: batches (B, S, S, 3) as the model takes them, of the training pictures: the first ranges.
        steps: how many steps of training the ranges follow what is seen; then they stay.

    Raises:
        TrainError: there are no calibration pictures, or a layer is of a kind that does not quantise.
    """
    plan = _plan(model)
    made, _ = _assemble(plan, rounded=True, steps=steps)
    for name, (low, high) in _measured(plan, calibration).items():
        made.get_layer(name).set_range(low, high)
    return made


def folded(model: Any) -> Any:
    """The same network in use, of fused convolutions, nothing rounded.

    Raises:
        TrainError: a layer is of a kind that does not quantise.
    """
    return _assemble(_plan(model), rounded=False, steps=0)[0]


def _plan(model: Any) -> _Plan:
    graph = read_graph(model)
    parts = fuse(graph)
    return _Plan(graph, parts, {PICTURE: PIXELS, **rounded_parts(graph, parts)})


def _measured(plan: _Plan, calibration: Iterable[F32]) -> dict[str, tuple[float, float]]:
    """The mean over batches of the least and the largest value, by the name of the rounding."""
    plain, spots = _assemble(plan, rounded=False, steps=0)
    ends = {name: keras.ops.stack([keras.ops.min(at), keras.ops.max(at)]) for name, at in spots.items()}
    probe = keras.Model(plain.input, ends)
    seen = [{name: np.asarray(one) for name, one in probe(batch, training=False).items()} for batch in calibration]
    if not seen:
        raise TrainError("no pictures to measure ranges on; give some of the training split")
    means = {name: np.mean([one[name] for one in seen], axis=0) for name in ends}
    return {name: (float(low), float(high)) for name, (low, high) in means.items()}


def _assemble(plan: _Plan, *, rounded: bool, steps: int) -> tuple[Any, dict[str, Any]]:
    """The network, and the tensors whose range is measured by the name of their rounding."""
    picture = keras.Input(plan.graph.shape, name="picture")
    values: dict[int, Any] = {}
    spots: dict[str, Any] = {}

    def put(value: int, tensor: Any, name: str) -> None:
        limits = plan.rounded.get(value)
        if value in plan.rounded and limits is None:
            spots[f"{name}_rounded"] = tensor
        if rounded and value in plan.rounded:
            tensor = Rounded(steps, limits=limits, name=f"{name}_rounded")(tensor)
        values[value] = tensor

    put(PICTURE, picture, "picture")
    for part in plan.parts:
        given = [values[one] for one in sources(part)]
        layer = _layer(part, rounded=rounded)
        put(part.output, layer(given if len(given) > 1 else given[0]), layer.name)
        if isinstance(part, Fused):
            layer.set_weights([part.kernel, _uneven(part.bias)])
    outputs = keras.tree.map_structure(values.__getitem__, plan.graph.outputs)
    return keras.Model(picture, outputs, name=plan.graph.name), spots


def _layer(part: Part, *, rounded: bool) -> Any:
    if isinstance(part, Fused):
        shape = part.kernel.shape
        made = (part.kind, shape, part.strides, part.padding, part.dilation, part.activation)
        return FusedConvolution(*made, rounded=rounded, name=part.name)
    return type(part.layer).from_config({**part.layer.get_config(), "dtype": "float32"})


def _uneven(bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """The bias, its first value the next float where all are alike.

    TensorFlow 2.21's converter keeps a constant of one value in short form, and then gives all channels the int32 of
    the first one's scale: a head that starts with the same bias everywhere would be off by that much.
    """
    if len(bias) < 2 or (bias != bias[0]).any() or bias[0] == 0:
        return bias
    return np.concatenate([np.nextafter(bias[:1], np.float32(np.inf)), bias[1:]])
