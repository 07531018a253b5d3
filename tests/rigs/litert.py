"""Real model files on a bare runtime, so that decoding is tested apart from how models are run."""

from dataclasses import replace
from typing import Any

from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edge.contracts.bundle import read_bundle
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.types import ModelBundle
from tests.paths import data


class LiteRt:
    """A thin `Runtime`."""

    name = "ai_edge_litert"
    delegate = "xnnpack"
    accelerator = NO_ACCELERATOR

    def __init__(self, bundle: ModelBundle) -> None:
        self.bundle = bundle
        self._interpreter = Interpreter(str(bundle.path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._in = self._interpreter.get_input_details()[0]["index"]
        self._out = [detail["index"] for detail in self._interpreter.get_output_details()]

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.feed(tensor)
        self._interpreter.invoke()
        return self.fetch()

    def feed(self, tensor: NDArray[Any]) -> None:
        self._interpreter.set_tensor(self._in, tensor)

    def fetch(self) -> tuple[NDArray[Any], ...]:
        return tuple(self._interpreter.get_tensor(index) for index in self._out)


def real(model: str, labels: tuple[str, ...] = ()) -> LiteRt:
    """A model of the data folder by the name of its file, with these labels where it has none inside."""
    bundle = read_bundle(data("models", f"{model}.tflite"))
    return LiteRt(replace(bundle, labels=labels) if labels else bundle)


def coco80() -> tuple[str, ...]:
    """The 80 classes of COCO, without the holes of the list of 90."""
    names = data("models", "coco_labels.txt").read_text().splitlines()
    return tuple(name for name in names if name != "n/a")
