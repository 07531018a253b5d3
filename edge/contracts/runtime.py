"""What runs a model, whatever the chip: the seam between heads (SSD, grid, ...) and runtimes (CPU, Edge TPU)."""

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from edge.contracts.types import ModelBundle


@dataclass(frozen=True, slots=True)
class Accelerator:
    """How the accelerator of a model fares."""

    state: str  # "none" where the model needs none; "ok"; "degraded": the CPU serves meanwhile
    reason: str  # why it is degraded, else ""
    lost: int  # how often it was lost since the start


NO_ACCELERATOR = Accelerator("none", "", 0)


class Runtime(Protocol):
    """A loaded model. Not thread-safe: one thread invokes it."""

    @property
    def bundle(self) -> ModelBundle:
        """The model that is loaded."""

    @property
    def name(self) -> str:
        """The library that runs it: "ai_edge_litert", "tflite_runtime" or "tensorflow"."""

    @property
    def delegate(self) -> str:
        """What really computes: "xnnpack", "edgetpu", or "none" (the slow reference kernels)."""

    @property
    def accelerator(self) -> Accelerator:
        """How its accelerator fares."""

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once.

        Args:
            tensor: shape and dtype of `bundle.input.tensor`, already quantised where that is.

        Returns:
            One array per `bundle.outputs`, raw (not dequantised), valid until the next call.

        Raises:
            ModelError: the model failed while running.
        """
