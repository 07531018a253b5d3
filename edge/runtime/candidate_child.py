"""The process in which a candidate is read and tried: `edge.runtime.candidate_child ORDER`.

It does what `edge.runtime.canary_child` does, and more: nobody has read the file, so that is done here, and nobody
watches the change, so it is shown some more inputs. A model that is compiled for an accelerator is tried as its model
for the CPU, since the accelerator itself belongs to the daemon.
"""

import json
import sys
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.golden_file import read_golden
from edge.contracts.golden_input import GoldenInput, Pattern
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.runtime.candidate import Order, parse_overrides
from edge.runtime.cpu_model import cpu_model
from edge.runtime.faults import Fault, FaultError, print_answer
from edge.runtime.interpreters import cpu_plan
from edge.runtime.ports import check_ports
from edge.runtime.rehearsal import Arrays, Rehearsal, short_of_memory

LOOKS = 5
NOT_RUN = "it is compiled for an accelerator and brings no model for the CPU: it was read, not run"


def main(told: str) -> None:
    """Examine the file of an order."""
    order = Order(**json.loads(told))
    print_answer(lambda: _examine(order))


def _examine(order: Order) -> str:
    bundle = _read(Path(order.path), order.sha256, order)
    _check_wanted(bundle, order)
    if bundle.edgetpu:
        path = cpu_model(bundle, None, Path(order.folder))
        if path is None:
            return NOT_RUN
        bundle = _read(path, "", order)
    plan = cpu_plan(str(bundle.path), order.threads)
    with short_of_memory(plan.path, order.memory_mib):
        return _try(bundle, Rehearsal(plan, read_golden(bundle.path)))


def _read(path: Path, sha256: str, order: Order) -> ModelBundle:
    read_golden(path)  # before all else: it tells whether the file was damaged since it was exported
    return read_bundle(path, sha256=sha256, overrides=parse_overrides(order.overrides))


def _check_wanted(bundle: ModelBundle, order: Order) -> None:
    manifest = read_manifest(bundle.path)  # a stranger's model has none
    task = manifest.task.value if manifest else order.task
    if order.task and task != order.task:
        raise FaultError(
            Fault.UNFIT, f"{order.path} is a {task}, and a {order.task} was released; release it as what it is"
        )
    if order.head and bundle.head != order.head:
        raise FaultError(
            Fault.UNFIT,
            f"{order.path} answers as {bundle.head}, and what it is to replace as {order.head}; release a "
            "configuration with it, or export it alike",
        )


def _try(bundle: ModelBundle, rehearsal: Rehearsal) -> str:
    check_ports(bundle, rehearsal.interpreter)
    unproven = rehearsal.prove()
    for seed in range(1, LOOKS + 1):
        _look(rehearsal, bundle, seed)
    rehearsal.learn()
    return unproven


def _look(rehearsal: Rehearsal, bundle: ModelBundle, seed: int) -> None:
    """It answers to another input, with numbers."""
    golden = rehearsal.golden
    pattern = golden.given.pattern if golden else _pattern(bundle)
    given = GoldenInput(pattern, (golden.given.seed if golden else 0) + seed, -1.0, 1 / 128)
    if not all(np.isfinite(values.astype(np.float64)).all() for values in _counted(rehearsal.answer(given), bundle)):
        raise FaultError(
            Fault.UNFIT, f"{bundle.path} answers with what is no number; train it again, or export it again"
        )


def _counted(found: Arrays, bundle: ModelBundle) -> Arrays:
    """Of a detector the rows that its count says are there; what lies behind them may be anything."""
    if bundle.head is not Head.SSD or len(found) != 4:
        return found
    number = float(found[3].reshape(-1)[0])
    rows = max(0, int(number)) if np.isfinite(number) else 0
    return tuple([values[:, :rows] if values.ndim > 1 else values for values in found])


def _pattern(bundle: ModelBundle) -> Pattern:
    if bundle.window is None and len(bundle.input.tensor.shape) == 4:
        return Pattern.PICTURE
    return Pattern.TRACKS if isinstance(bundle.window, TrackWindow) else Pattern.WALKS


if __name__ == "__main__":
    main(sys.argv[1])
