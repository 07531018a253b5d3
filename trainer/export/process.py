"""Runs a program that may crash, hang or talk without end, and says in words what became of it."""

import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import trainer
from edge.contracts.process import Child
from trainer.errors import TrainError
from trainer.quiet import QUIET

# TensorFlow says much that nobody asked for, and takes the accelerators of whoever trains meanwhile.
ENVIRONMENT = {**QUIET, "CUDA_VISIBLE_DEVICES": "-1"}
ENDING_S = 10.0  # from the end of its output to its end
MAX_OUTPUT_BYTES = 1 << 20
_PIECE = 1 << 16
_NOISE = re.compile(r"WARNING: All log messages|[IWE]0000 \d\d:|INFO: ")


def run(argv: Sequence[str], doing: str, timeout_s: float) -> str:
    """Wait for a program to end well; what it printed, the last `MAX_OUTPUT_BYTES` of it.

    Args:
        argv: the program and its arguments.
        doing: what it does, for messages: "the conversion to int8".
        timeout_s: it is killed after that.

    Raises:
        TrainError: it could not be started, failed, crashed, or did not end in time; with its last lines.
    """
    deadline_s = time.monotonic() + timeout_s
    try:
        child = Child(argv, (), _environment())
    except OSError as error:
        raise TrainError(f"{doing} could not be started: {error}; {argv[0]} must be there and executable") from error
    try:
        printed = _listened(child, deadline_s)
        if printed is None:
            raise TrainError(f"{doing} did not end within {timeout_s:g} s and was stopped; allow it more time")
        code = child.exit_code(max(deadline_s, time.monotonic() + ENDING_S))
        if code != 0:
            raise TrainError(f"{doing} {_end(code)}: {_plain(child.said()) or _last(printed) or 'it gave no reason'}")
    finally:
        child.kill()
    return printed


def _listened(child: Child, deadline_s: float) -> str | None:
    """What it printed until it closed its output, None where it did not in time."""
    heard = b""
    while child.wait_for(child.stdout, deadline_s):
        piece = os.read(child.stdout, _PIECE)
        if not piece:
            return heard.decode(errors="replace")
        heard = (heard + piece)[-MAX_OUTPUT_BYTES:]
    return None


def _plain(said: str) -> str:
    """Without what TensorFlow's libraries say at every start, whatever they are told."""
    return "; ".join(part for part in said.split("; ") if not _NOISE.match(part))


def _last(printed: str) -> str:
    return "; ".join([line.strip() for line in printed.splitlines() if line.strip()][-3:])


def _end(code: int | None) -> str:
    if code is None:
        return "closed its output and did not end"
    if code >= 0:
        return "failed"
    try:
        return f"crashed ({signal.Signals(-code).name})"
    except ValueError:
        return f"crashed (signal {-code})"


def _environment() -> dict[str, str]:
    """Ours, with this very code on the path whatever the child's folder is."""
    root = str(Path(trainer.__file__).parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, **ENVIRONMENT, "PYTHONPATH": paths}
