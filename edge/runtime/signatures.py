"""The signatures of a model that learns: checked against what its manifest says before anything runs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.trainable import (
    GET_WEIGHTS,
    INFER,
    LOSS,
    OPTIMIZER,
    RATE,
    SET_WEIGHTS,
    TARGETS,
    TRAIN,
    WEIGHTS,
    Trainable,
)
from edge.contracts.types import ModelBundle

Port = tuple[tuple[int, ...], str]  # shape and NumPy name of the type
Ports = Mapping[str, Port]


@dataclass(frozen=True, eq=False, slots=True)
class Signature:
    """One of them."""

    name: str
    inputs: Ports
    outputs: Ports
    call: Any  # the library's runner

    def run(self, path: Path, given: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """Run it. The library would change the model to whatever shape it is given, so shapes are checked here.

        Raises:
            ModelError: what is given does not fit, or it failed.
        """
        found = {name: (values.shape, values.dtype.name) for name, values in given.items()}
        if found != self.inputs:
            raise ModelError(
                f"{path}: its {self.name} takes {_listed(self.inputs)} and was given {_listed(found)}; "
                "prepare the batch by its bundle"
            )
        try:
            answered: Mapping[str, NDArray[Any]] = self.call(**given)
        except (RuntimeError, ValueError, TypeError) as error:
            line = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{path} failed in {self.name}: {line}; export it again or choose another model"
            ) from error
        return answered


def checked_signatures(bundle: ModelBundle, trainable: Trainable, interpreter: Any) -> Mapping[str, Signature]:
    """The four signatures of a model, by name.

    Raises:
        ModelError: one is missing, or is not what the manifest says.
    """
    there = interpreter.get_signature_list()
    if absent := sorted({INFER, TRAIN, GET_WEIGHTS, SET_WEIGHTS} - set(there)):
        raise ModelError(f"{bundle.path} is to learn and has no {', '.join(absent)}; export it again with --trainable")
    found = {name: _signature(bundle, interpreter, name) for name in (INFER, TRAIN, GET_WEIGHTS, SET_WEIGHTS)}
    if bundle.head not in TARGETS:
        raise ModelError(f"{bundle.path} is to learn, and a {bundle.head} cannot; those are {', '.join(TARGETS)}")
    state: Ports = {WEIGHTS: ((trainable.weights,), "float32"), OPTIMIZER: ((trainable.state,), "float32")}
    _compare(bundle, "gives", found[GET_WEIGHTS].outputs, state)
    _compare(bundle, "takes", found[SET_WEIGHTS].inputs, state)
    _compare(bundle, "gives", found[TRAIN].outputs, {LOSS: ((1,), "float32")})
    _compare(bundle, "takes", found[TRAIN].inputs, _batch(found[TRAIN], bundle, trainable))
    given = bundle.input.tensor
    _compare(bundle, "takes", found[INFER].inputs, {given.name: (given.shape, given.dtype)})
    _compare(bundle, "gives", found[INFER].outputs, {one.name: (one.shape, one.dtype) for one in bundle.outputs})
    return found


def _signature(bundle: ModelBundle, interpreter: Any, name: str) -> Signature:
    try:
        runner = interpreter.get_signature_runner(name)
        return Signature(name, _ports(runner.get_input_details()), _ports(runner.get_output_details()), runner)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{bundle.path}: its {name} cannot be prepared: {error}; export it again") from error


def _ports(details: Mapping[str, Any]) -> Ports:
    return {
        name: (tuple(int(extent) for extent in one["shape"]), one["dtype"].__name__.rstrip("_"))
        for name, one in details.items()
    }


def _batch(train: Signature, bundle: ModelBundle, trainable: Trainable) -> Ports:
    """What it should take: the targets of its head, whatever their inner extents are, and the rate."""
    ports: dict[str, Port] = {RATE: ((1,), "float32")}
    for name in TARGETS[bundle.head]:
        shape, _ = train.inputs.get(name, ((), ""))
        ports[name] = ((trainable.batch, *shape[1:]), "float32")
    return ports


def _compare(bundle: ModelBundle, does: str, found: Ports, wanted: Ports) -> None:
    if found != wanted:
        raise ModelError(
            f"{bundle.path} {does} {_listed(found)} where its manifest says {_listed(wanted)}; fetch it again from its "
            "source, or export it again"
        )


def _listed(ports: Ports) -> str:
    return ", ".join(f"{name} {list(shape)} {dtype}" for name, (shape, dtype) in sorted(ports.items())) or "nothing"
