"""The process in which a candidate proves itself: `edge.runtime.proof ORDER`, started by `edge.runtime.proving`.

It reads the file, loads it with the library that is to serve it, shows it its golden input and some others, and prints
what it found as one line of JSON. Everything here may crash, hang or run out of memory: that is what it is for.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.bundle import read_bundle, read_golden, read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import Golden, compare
from edge.contracts.golden_input import GoldenInput, Pattern, make_input
from edge.contracts.manifest import Manifest
from edge.contracts.model_file import read_model_file
from edge.contracts.runtime import Runtime
from edge.contracts.tflite import tensor_bytes
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.runtime.cpu_model import cpu_model
from edge.runtime.interpreters import open_interpreter
from edge.runtime.libraries import find_library
from edge.runtime.proving import Fault, Findings, Order, parse_overrides
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime, plan_for
from edge.runtime.trial import rehearse

LOOKS = 5
NO_GOLDEN = "it has no golden.json: what it answered where it was exported is not known"
NOT_RUN = "it is compiled for an accelerator and brings no model for the CPU: it was read, not run"


def main(order: str) -> None:
    """Examine the file of an order."""
    told = Order(**json.loads(order))
    try:
        findings = _examine(told)
    except _WrongError as wrong:
        print(json.dumps({"fault": wrong.fault, "detail": str(wrong)}), flush=True)  # noqa: T201 - the parent reads it
    else:
        print(json.dumps({"fault": "", **asdict(findings)}), flush=True)  # noqa: T201


class _WrongError(Exception):
    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


def _examine(order: Order) -> Findings:
    bundle, manifest = _read(Path(order.path), order)
    task = manifest.task.value if manifest else order.task
    _check_wanted(order, task, bundle.head)
    try:
        served = _served(bundle, order)
        if served is None:
            return Findings(task, bundle.head, bundle.name, bundle.version, NOT_RUN)
        unlike = _run(served, order.threads)
    except ModelError as error:
        if _is_out_of_memory(bundle, order.memory_mib, error):
            said = "needs more memory than its trial has (trial_memory_mib); use a smaller model"
            raise _WrongError(Fault.LIMITS, f"{bundle.path} {said}") from error
        raise _WrongError(Fault.UNFIT, str(error)) from error
    return Findings(task, bundle.head, bundle.name, bundle.version, unlike)


def _read(path: Path, order: Order) -> tuple[ModelBundle, Manifest | None]:
    """A bundle, and its manifest where it has one: a stranger's model has none."""
    try:
        sha256 = order.sha256 if str(path) == order.path else ""
        read_golden(path)  # before all else: it tells whether the file was damaged since it was exported
        return read_bundle(path, sha256=sha256, overrides=parse_overrides(order.overrides)), read_manifest(path)
    except ModelError as error:
        fault = Fault.MALFORMED if isinstance(error.__cause__, MalformedError) else Fault.UNFIT
        raise _WrongError(fault, str(error)) from error


def _check_wanted(order: Order, task: str, head: Head) -> None:
    if order.task and task != order.task:
        raise _WrongError(
            Fault.UNFIT, f"{order.path} is a {task}, and a {order.task} was released; release it as what it is"
        )
    if order.head and head != order.head:
        raise _WrongError(
            Fault.UNFIT,
            f"{order.path} answers as {head}, and what it is to replace as {order.head}; release a "
            "configuration with it, or export it alike",
        )


def _served(bundle: ModelBundle, order: Order) -> ModelBundle | None:
    """What is run here: the accelerator itself belongs to the daemon, so the file for the CPU that comes along."""
    if not bundle.edgetpu:
        return bundle
    path = cpu_model(bundle, None, Path(order.folder))
    return None if path is None else _read(path, order)[0]


def _run(bundle: ModelBundle, threads: int) -> str:
    """Why its golden input was not compared, "" where it was; others it must answer to with numbers."""
    golden, settings = _golden(bundle), RuntimeSettings(threads=threads)
    with open_runtime(bundle, settings) as runtime:
        unlike = _shown(runtime, golden) if golden else NO_GOLDEN
        for seed in range(1, LOOKS + 1):
            _look(runtime, golden, seed)
    rehearse(open_interpreter(find_library(), plan_for(bundle, settings)), str(bundle.path))
    return unlike


def _is_out_of_memory(bundle: ModelBundle, memory_mib: int, error: ModelError) -> bool:
    """The library says nothing, or something else, when it gets no memory for tensors."""
    if isinstance(error.__cause__, RuntimeError) and not str(error.__cause__):
        return True
    return tensor_bytes(read_model_file(bundle.path, bundle.size_bytes)) > memory_mib << 20


def _golden(bundle: ModelBundle) -> Golden | None:
    try:
        return read_golden(bundle.path)
    except ModelError as error:
        raise _WrongError(Fault.MALFORMED, str(error)) from error


def _shown(runtime: Runtime, golden: Golden) -> str:
    """Nothing, where it answers to the golden input as it did where it was exported."""
    unlike = compare(golden, runtime.invoke(_made(runtime.bundle, golden.given)))
    if unlike:
        raise _WrongError(
            Fault.GOLDEN,
            f"{runtime.bundle.path} does not answer here as it did where it was exported ({golden.made_by}; here "
            f"{find_library().key} {runtime.delegate}): {'; '.join(unlike)[:500]}; export it again, or see whether "
            "this device computes right",
        )
    return ""


def _look(runtime: Runtime, golden: Golden | None, seed: int) -> None:
    """It answers to another input, with numbers."""
    pattern = golden.given.pattern if golden else _pattern(runtime.bundle)
    given = GoldenInput(pattern, (golden.given.seed if golden else 0) + seed, -1.0, 1 / 128)
    found = runtime.invoke(_made(runtime.bundle, given))
    count = len(found[0][0]) if runtime.bundle.head is not Head.SSD or len(found) != 4 else _rows(found[3])
    shown = [values[:, :count] if runtime.bundle.head is Head.SSD and values.ndim > 1 else values for values in found]
    if not all(np.isfinite(values.astype(np.float64)).all() for values in shown):
        raise _WrongError(
            Fault.UNFIT, f"{runtime.bundle.path} answers with what is no number; train it again, or export it again"
        )


def _made(bundle: ModelBundle, given: GoldenInput) -> NDArray[Any]:
    try:
        return make_input(given, bundle.input.tensor.shape, bundle.input.tensor.dtype)
    except MalformedError as error:
        raise _WrongError(Fault.MALFORMED, f"{bundle.path}: {error}") from error


def _pattern(bundle: ModelBundle) -> Pattern:
    if bundle.window is None and len(bundle.input.tensor.shape) == 4:
        return Pattern.PICTURE
    return Pattern.TRACKS if isinstance(bundle.window, TrackWindow) else Pattern.WALKS


def _rows(count: NDArray[Any]) -> int:
    number = float(count.reshape(-1)[0])
    return max(0, int(number)) if np.isfinite(number) else 0


if __name__ == "__main__":
    main(sys.argv[1])
