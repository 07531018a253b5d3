"""Whether a library sees the inputs and outputs of a model that were read from its file."""

from typing import Any

from edge.contracts.errors import ModelError
from edge.contracts.types import ModelBundle, TensorSpec


def check_ports(bundle: ModelBundle, interpreter: Any) -> None:
    """It sees the same. Raises ModelError where it does not."""
    details = (*interpreter.get_input_details(), *interpreter.get_output_details())
    specs = (bundle.input.tensor, *bundle.outputs)
    if len(details) != len(specs) or not all(map(_agrees, specs, details)):
        raise ModelError(
            f"{bundle.path}: the library sees other inputs and outputs than stand in the file; "
            "fetch it again from its source"
        )


def _agrees(spec: TensorSpec, detail: Any) -> bool:
    """Type and, where the file gives one, shape."""
    shape = tuple(int(extent) for extent in detail["shape"])
    return detail["dtype"].__name__.rstrip("_") == spec.dtype and (not spec.shape or shape == spec.shape)
