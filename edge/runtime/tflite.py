"""The runtime over a TFLite interpreter, and how it is opened.

The interpreter is driven by `invoke` only: once a signature runner has been taken, LiteRT refuses every later
`invoke`. Outputs are copies, because a view that a caller keeps makes the next `invoke` fail.
"""

from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.model_file import check_sha256, read_model_file
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.types import ModelBundle
from edge.runtime.interpreters import Plan, applied_delegate, cpu_plan, open_interpreter
from edge.runtime.libraries import find_library
from edge.runtime.ports import check_ports
from edge.runtime.settings import RuntimeSettings


class TfliteRuntime:
    """A loaded model: `edge.contracts.runtime.Runtime`, and a context manager that lets go of it."""

    def __init__(self, bundle: ModelBundle, interpreter: Any, name: str, delegate: str) -> None:
        self.bundle = bundle
        self.name = name
        self.delegate = delegate
        self.accelerator = NO_ACCELERATOR
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        self._outputs = tuple(detail["index"] for detail in interpreter.get_output_details())

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once; see `Runtime.invoke`. The arrays are the caller's to keep.

        Raises:
            ModelError: the model failed, the tensor does not fit, or the runtime was closed.
        """
        interpreter = self._interpreter
        try:
            interpreter.set_tensor(self._input, tensor)
            interpreter.invoke()
            return tuple([interpreter.get_tensor(index) for index in self._outputs])
        except (RuntimeError, ValueError, AttributeError) as error:
            raise ModelError(self._describe(tensor, error)) from error

    def close(self) -> None:
        """Free the model's memory. Closing twice is fine."""
        self._interpreter = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _describe(self, tensor: NDArray[Any], error: Exception) -> str:
        path, spec = self.bundle.path, self.bundle.input.tensor
        if self._interpreter is None:
            return f"{path} was closed; open it again"
        if tensor.shape != spec.shape or tensor.dtype != spec.dtype:
            return (
                f"{path} takes {spec.dtype} {list(spec.shape)} and was given {tensor.dtype} {list(tensor.shape)}; "
                "prepare its input by its own recipe"
            )
        return f"{path} failed while it ran: {error}; export it again or choose another model"


def open_runtime(bundle: ModelBundle, settings: RuntimeSettings) -> TfliteRuntime:
    """Load a model with the best library that is installed.

    A file that was never run here belongs into `edge.runtime.canary.try_model` first.

    Raises:
        ModelError: there is no library or accelerator for it, it cannot be loaded, or the file has changed since
            it was read.
    """
    library, plan = find_library(), plan_for(bundle, settings)
    check_sha256(bundle.path, read_model_file(bundle.path, bundle.size_bytes), bundle.sha256)
    interpreter = open_interpreter(library, plan)
    check_ports(bundle, interpreter)
    return TfliteRuntime(bundle, interpreter, library.name, applied_delegate(interpreter, plan.accelerator))


def plan_for(bundle: ModelBundle, settings: RuntimeSettings) -> Plan:
    """How a bundle is run under these settings."""
    if bundle.edgetpu:
        return Plan(str(bundle.path), "edgetpu", settings.threads, settings.edgetpu_library, settings.edgetpu_device)
    return cpu_plan(str(bundle.path), settings.threads)
