"""Tries a model file for the first time where it can do no harm: in a process that is thrown away.

A damaged or hostile file can crash, hang or eat all memory when it is loaded or run, and a native crash takes the
daemon with it. `try_model` starts `edge.runtime.trial`, which loads the file and runs it twice under limits on memory,
time and file size, without the daemon's environment (no passwords). What has passed once is remembered by its
hash and the library's version, and not tried again: that is what start-up usually costs.
"""

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.contracts.confined import bare_environment
from edge.contracts.errors import ModelError
from edge.contracts.types import ModelBundle
from edge.runtime.interpreters import Plan
from edge.runtime.libraries import find_library
from edge.runtime.proven import is_proven, remember
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import plan_for

MAX_OUTPUT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Order:
    """What the trial is told, as JSON on its command line."""

    plan: Plan
    deadline_s: float
    memory_mib: int


def try_model(bundle: ModelBundle, settings: RuntimeSettings, state: Path) -> None:
    """Try a model that was not tried yet; returns at once for one that passed before.

    Args:
        bundle: the model.
        settings: limits, threads and accelerator.
        state: folder of the daemon's own files; made where it is absent.

    Raises:
        ModelError: it crashes, hangs, fails or exceeds a limit, or no library is there to run it.
    """
    plan = plan_for(bundle, settings)
    key = f"{bundle.sha256} {find_library().key} {plan.accelerator}"
    if is_proven(state, key):
        return
    _run_trial(Order(plan, settings.trial_deadline_s, settings.trial_memory_mib))
    remember(state, key)


def _run_trial(order: Order) -> None:
    command = [sys.executable, "-P", "-m", "edge.runtime.trial", json.dumps(asdict(order))]
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=bare_environment(),
                timeout=order.deadline_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ModelError(
                f"{order.plan.path} did not load and run within {order.deadline_s:g} s in its trial and was refused; "
                "use a smaller model, or raise trial_deadline_s"
            ) from error
        except OSError as error:
            raise ModelError(f"no process can be started to try {order.plan.path} in: {error}") from error
        if done.returncode:
            output.seek(0)
            raise ModelError(_complaint(order.plan.path, done.returncode, output.read(MAX_OUTPUT_BYTES)))


def _complaint(path: str, code: int, output: bytes) -> str:
    """What the trial's exit code and last line mean."""
    said = [line.strip() for line in output.decode(errors="replace").splitlines()]
    lines = [line for line in said if line and not line.startswith("INFO:")] or ["it gave no reason"]
    named = [line for line in lines if line.startswith(path)]
    if code == 1 and named:
        return named[-1]
    end = _signal_name(-code) if code < 0 else f"exit code {code}"
    return (
        f"{path} ended its trial with {end} ({lines[-1][:200]}) and was refused; "
        "fetch it again from its source, or export it again"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
