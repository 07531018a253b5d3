"""A Keras network as a flat list of steps: networks within it are unrolled, what does nothing in use is left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from trainer.errors import TrainError

PICTURE = 0  # the value that the network is given
_IDLE = (keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise, keras.layers.Identity)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One layer at work. Values are numbered in the order in which they come to be."""

    layer: Any
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A network in the order in which it is computed, and what is asked of it: a structure of values."""

    name: str
    shape: tuple[int, ...]  # of one picture
    steps: tuple[Step, ...]
    outputs: Any

    @property
    def results(self) -> frozenset[int]:
        """The values that leave the network."""
        return frozenset(keras.tree.flatten(self.outputs))

    def users(self, value: int) -> tuple[Step, ...]:
        """The steps that take a value in."""
        return tuple(step for step in self.steps if value in step.inputs)

    def heir(self, value: int) -> Step | None:
        """The one step that takes a value in; None where there are others, or the value leaves the network."""
        users = self.users(value)
        return users[0] if len(users) == 1 and value not in self.results else None


def read_graph(model: Any) -> Graph:
    """The steps of a functional network with one picture as its input.

    Raises:
        TrainError: it is another kind of network, or a layer has two places in it.
    """
    if not isinstance(model, keras.Model) or len(model.inputs) != 1:
        raise TrainError(f"{model.name} cannot be quantised in training: it takes {len(model.inputs)} inputs, not one")
    steps: list[Step] = []
    known = {id(model.inputs[0]): PICTURE}
    _walk(model, known, steps)
    twice = [name for name, count in Counter(step.layer.name for step in steps).items() if count > 1]
    if twice:
        raise TrainError(f"{model.name} uses {twice[0]} in two places; give each place a layer of its own")
    outputs = keras.tree.map_structure(lambda tensor: known[id(tensor)], model.output)
    return Graph(model.name, tuple(model.inputs[0].shape[1:]), tuple(steps), outputs)


def _walk(model: Any, known: dict[int, int], steps: list[Step]) -> None:
    """Append the steps of a network; `known` has the number of each tensor by its identity."""
    by_depth = model._nodes_by_depth  # noqa: SLF001 - Keras has no public way to the order of its nodes
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            if not node.is_input:
                inputs = [known[id(tensor)] for tensor in node.arguments.keras_tensors]
                outputs = _values(node.operation, inputs, steps)
                known.update((id(tensor), value) for tensor, value in zip(node.outputs, outputs, strict=True))


def _values(layer: Any, inputs: Sequence[int], steps: list[Step]) -> list[int]:
    if isinstance(layer, keras.Model):
        inner = {id(tensor): value for tensor, value in zip(layer.inputs, inputs, strict=True)}
        _walk(layer, inner, steps)
        return [inner[id(tensor)] for tensor in layer.outputs]
    if isinstance(layer, _IDLE):
        return list(inputs)
    value = len(steps) + 1
    steps.append(Step(layer, tuple(inputs), value))
    return [value]
