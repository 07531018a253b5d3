"""The process in which a model is tried: `python -m edge.runtime.trial ORDER`, started by `edge.runtime.canary`.

Exit code 0: it loaded and ran twice. 1: it failed, the last line says how. Killed by a signal: it crashed, or went
over a limit. Imports are few, since this stands between a new model and its first detection.
"""

import ctypes
import json
import math
import resource
import signal
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.runtime.interpreters import Plan, open_interpreter
from edge.runtime.libraries import find_library

MIB = 1 << 20
PR_SET_PDEATHSIG = 1  # prctl(2)
TRAIN = "train"
LEARNING = (TRAIN, "get_weights", "set_weights", "infer")  # of `edge.contracts.trainable`, which imports much
MAX_FILE_BYTES = MIB  # of what the model makes the libraries write, log lines included


def main(order: str) -> int:
    """Try the model of an order (`edge.runtime.canary.Order`, as JSON)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # whoever waits for us may be killed
    told = json.loads(order)
    plan = Plan(**told["plan"])
    library = find_library()
    _limit(float(told["deadline_s"]), int(told["memory_mib"]), plan.threads)
    try:
        rehearse(open_interpreter(library, plan), plan.path)
    except ModelError as error:
        return _fail(str(error))
    except MemoryError:
        return _fail(f"{plan.path} needs more than trial_memory_mib = {told['memory_mib']}; use a smaller model")
    return 0


def _fail(reason: str) -> int:
    print(reason, flush=True)  # noqa: T201 - the parent reads it
    return 1


def _limit(deadline_s: float, memory_mib: int, threads: int) -> None:
    """Let the kernel end this process if the model goes over a limit, even if the parent is gone by then."""
    signal.alarm(math.ceil(deadline_s) + 1)
    cpu_s = math.ceil(deadline_s * threads) + 1
    limits = {
        resource.RLIMIT_AS: memory_mib * MIB,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: MAX_FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def rehearse(interpreter: Any, path: str) -> None:
    """Run on nothing and on noise: some faults only show on values that differ. What learns, learns from both.

    Raises:
        ModelError: it fails.
    """
    inputs = interpreter.get_input_details()
    try:
        for filled in (_blank, _noise):
            for detail in inputs:
                interpreter.set_tensor(detail["index"], filled(detail))
            interpreter.invoke()
        for detail in interpreter.get_output_details():
            interpreter.get_tensor(detail["index"])
        if TRAIN in interpreter.get_signature_list():
            _learn(interpreter)
    except (RuntimeError, ValueError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise ModelError(f"{path} failed when it ran: {line}; export it again or choose another model") from error


def _learn(interpreter: Any) -> None:
    """Run all that a model that learns can be asked; after this it cannot be invoked any more."""
    for filled in (_blank, _noise):
        for name in LEARNING:
            runner = interpreter.get_signature_runner(name)
            runner(**{key: filled(detail) for key, detail in runner.get_input_details().items()})


def _blank(detail: Any) -> NDArray[Any]:
    return np.zeros(detail["shape"], detail["dtype"])


def _noise(detail: Any) -> NDArray[Any]:
    values = np.random.default_rng(0).integers(0, 127, detail["shape"])
    return values.astype(detail["dtype"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
