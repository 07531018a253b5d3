"""Makes an interpreter of one of the libraries ready to run, on the CPU or with an accelerator.

Light on purpose: the trial of a new model (`edge.runtime.canary`) imports this in a process of its own.
"""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge.contracts.errors import ModelError
from edge.runtime.libraries import Library


@dataclass(frozen=True, slots=True)
class Plan:
    """How one model file is to be run."""

    path: str
    accelerator: str  # a key of ACCELERATORS
    threads: int
    library: str  # of the accelerator, "" on the CPU
    device: str  # of the accelerator, "" for any


def cpu_plan(path: str, threads: int) -> Plan:
    """To run it on the CPU."""
    return Plan(path, "cpu", threads, "", "")


def open_interpreter(library: Library, plan: Plan) -> Any:
    """An interpreter with its tensors allocated.

    Raises:
        ModelError: the accelerator or the model cannot be loaded.
    """
    delegates = ACCELERATORS[plan.accelerator](library, plan)
    try:
        interpreter = library.module.Interpreter(
            model_path=plan.path, num_threads=plan.threads, experimental_delegates=delegates or None
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError, OSError, TypeError) as error:
        raise ModelError(
            f"{plan.path} cannot be loaded by {library.name} {library.version}: {_first_line(error)}; "
            "export the model again with built-in operators, or for this version"
        ) from error
    return interpreter


def applied_delegate(interpreter: Any, accelerator: str) -> str:
    """What really computes: the accelerator, "xnnpack", or "none" where the CPU's slow reference kernels do.

    A model that needs an accelerator does not load without it. XNNPACK however can be left out without any error (an
    unreadable /proc/cpuinfo is enough), so the operators are looked through.
    """
    if accelerator != "cpu":
        return accelerator
    try:
        operators = interpreter._get_ops_details()  # noqa: SLF001 - there is no public way to ask
    except (AttributeError, RuntimeError, ValueError):
        return "none"
    return "xnnpack" if any(operator.get("op_name") == "DELEGATE" for operator in operators) else "none"


def _on_cpu(_library: Library, _plan: Plan) -> list[Any]:
    return []


def _on_edgetpu(library: Library, plan: Plan) -> list[Any]:
    try:
        # LiteRT's own failure here leaves a half-made object behind that complains when it is collected.
        _ = ctypes.CDLL(plan.library).tflite_plugin_create_delegate
        return [library.module.load_delegate(plan.library, {"device": plan.device} if plan.device else {})]
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"{plan.path} is compiled for the Edge TPU, and {plan.library} cannot be used: {_first_line(error)}; "
            "install the Edge TPU library and plug in the accelerator, or give the model's CPU version"
        ) from error


ACCELERATORS: Mapping[str, Callable[[Library, Plan], list[Any]]] = {"cpu": _on_cpu, "edgetpu": _on_edgetpu}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
