"""Real models without the bundle reader: a bundle from what the interpreter says, and a bare runtime."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edge.contracts.types import ColourOrder, Head, InputRecipe, ModelBundle, Resize, TensorSpec


def spec(detail: dict[str, Any], name: str = "") -> TensorSpec:
    scale, zero_point = detail["quantization"]
    shape = tuple(int(extent) for extent in detail["shape"])
    return TensorSpec(name or detail["name"], shape, np.dtype(detail["dtype"]).name, float(scale), int(zero_point))


def recipe(
    tensor: TensorSpec, resize: Resize = Resize.STRETCH, order: ColourOrder = ColourOrder.RGB, norm: float = 127.5
) -> InputRecipe:
    """`norm` is both mean and std; 0 feeds raw pixel values."""
    return InputRecipe(tensor, resize, order, (norm,) * 3, (norm or 1.0,) * 3)


def labels_of(path: Path) -> tuple[str, ...]:
    return tuple("" if name == "n/a" else name for name in path.read_text().splitlines())


class LiteRt:
    """A thin `Runtime`."""

    name = "ai_edge_litert"
    delegate = "xnnpack"

    def __init__(self, path: Path, head: Head, labels: tuple[str, ...], feed: InputRecipe | None = None) -> None:
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._in = self._interpreter.get_input_details()[0]
        self._out = self._interpreter.get_output_details()
        outputs = tuple(spec(detail) for detail in self._out)
        made = feed or recipe(spec(self._in))
        self.bundle = ModelBundle(path, "", 0, path.stem, "1", head, made, outputs, labels, edgetpu=False)

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self._interpreter.set_tensor(self._in["index"], tensor)
        self._interpreter.invoke()
        return tuple(self._interpreter.get_tensor(detail["index"]) for detail in self._out)
