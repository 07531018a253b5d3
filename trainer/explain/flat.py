"""A network with the networks inside it laid open: every layer's tensors within reach, and its weights shared."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from trainer.errors import TrainError


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One layer at its place: what goes in and what comes out (Keras' symbolic tensors)."""

    layer: Any
    before: tuple[Any, ...]
    after: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A network as a list of steps, in the order in which they are computed."""

    picture: Any  # (B, S, S, 3)
    outputs: dict[str, Any]  # by name
    steps: tuple[Step, ...]

    def to(self, tensors: Any) -> Any:
        """A Keras model from the picture to some of the tensors, in the structure they are given in."""
        return keras.Model(self.picture, tensors)

    def all_of(self, tensors: Sequence[Any]) -> Callable[[Any], list[Any]]:
        """What computes a list of tensors of a batch of pictures; Keras itself unpacks a list of one."""
        names = [f"{index}" for index in range(len(tensors))]
        model = self.to(dict(zip(names, tensors, strict=True)))

        def compute(batch: Any) -> list[Any]:
            found = model(batch, training=False)
            return [found[name] for name in names]

        return compute

    def trunk(self) -> tuple[Step, ...]:
        """The steps that every output rests upon: the head's branches are left out."""
        return tuple(
            step
            for step in self.steps
            if all(id(step) in above for above in (_above(self.steps, [one]) for one in self.outputs.values()))
        )


def flattened(network: Any, side_px: int = 0) -> Flat:
    """Lay a functional network open.

    Args:
        network: its outputs are a dict by name, or one tensor.
        side_px: side of its picture; 0 = as it was trained. Convolutions do not mind, dense layers do.

    Raises:
        TrainError: it is not made of layers that Keras can follow, or cannot take such a picture.
    """
    steps: list[Step] = []

    def call(layer: Any, *args: Any, **_: Any) -> Any:
        if isinstance(layer, keras.Sequential):
            tensor = args[0]
            for one in layer.layers:
                tensor = call(one, tensor)
            return tensor
        if isinstance(layer, keras.Model):
            return _inlined(layer, args[0], call)
        result = layer(*args)
        steps.append(Step(layer, _tensors(args), _tensors(result)))
        return result

    shape = network.input_shape[1:]
    picture = keras.Input((side_px, side_px, 3) if side_px else shape)
    try:
        outputs = _inlined(network, picture, call)
    except (ValueError, TypeError, AttributeError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise TrainError(f"the network {network.name!r} cannot be laid open: {line}") from error
    return Flat(picture, outputs if isinstance(outputs, dict) else {"output": outputs}, tuple(steps))


def _inlined(network: Any, picture: Any, call: Any) -> Any:
    """The outputs of a network on other inputs, each of its layers called by `call`."""
    return keras.models.clone_model(
        network, input_tensors=picture, clone_function=lambda layer: layer, call_function=call
    ).output


def _tensors(nested: Any) -> tuple[Any, ...]:
    return tuple(one for one in keras.tree.flatten(nested) if isinstance(one, keras.KerasTensor))


def _above(steps: Iterable[Step], tensors: Iterable[Any]) -> set[int]:
    """Which steps (by `id`) some tensors rest upon."""
    wanted, found = {id(tensor) for tensor in tensors}, set()
    for step in reversed(tuple(steps)):
        if any(id(tensor) in wanted for tensor in step.after):
            found.add(id(step))
            wanted.update(id(tensor) for tensor in step.before)
    return found
