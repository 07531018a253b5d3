"""Test files run inside the guest in one process, as long as it lives: a test that hangs or crashes it costs itself."""

import contextlib
import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.rigs.arm.places import GUEST_OUT, GUEST_TREE
from tests.rigs.arm.running import Guest, environment
from tests.rigs.arm.told import Told, read_log

HANG_S = 1800.0  # importing all tests takes minutes, a single one at most some
LOOK_S = 1.0
PYTEST = "python3 -X faulthandler -m pytest --quiet -p no:cacheprovider -p tests.rigs.arm.log -m 'not long'"


def run_suite(guest: Guest, cpu: str, files: Sequence[str], log: str, limit_s: float) -> Told:
    """Run what the log of that name, in the guest's `out`, has no outcome of; at most so long."""
    path, end_s = guest.out / log, time.monotonic() + limit_s
    while (left := [file for file in files if not read_log(path).closed(file)]) and time.monotonic() < end_s:
        before = len(read_log(path).outcomes)
        hung = _attempt(guest, cpu, left, path, end_s)
        if time.monotonic() >= end_s:
            break
        running = read_log(path).running
        if running:
            _blame(path, running, f"no word for {HANG_S:.0f} s" if hung else "the process died")
        elif len(read_log(path).outcomes) == before:
            break  # nothing can be run: what pytest said is beside the log
    return read_log(path)


def _attempt(guest: Guest, cpu: str, files: Sequence[str], path: Path, end_s: float) -> bool:
    """One process; whether it had to be ended for its silence."""
    script = f"cd {GUEST_TREE} && exec {PYTEST} --log-to {GUEST_OUT}/{path.name} {' '.join(files)}"
    command = ["nice", "-n", "19", *guest.command(["bash", "-c", script])]
    with path.with_suffix(".txt").open("a") as said:
        process = subprocess.Popen(command, env=environment(cpu), stdout=said, stderr=subprocess.STDOUT)
        try:
            return _watch(process, path, end_s)
        finally:
            process.kill()  # `unshare` ignores any other signal, and takes all that is inside with it
            process.wait(30)


def _watch(process: subprocess.Popen[bytes], path: Path, end_s: float) -> bool:
    size, since_s = -1, time.monotonic()
    while time.monotonic() < end_s and process.poll() is None:
        now = path.stat().st_size if path.exists() else 0
        if now != size:
            size, since_s = now, time.monotonic()
        elif time.monotonic() - since_s > HANG_S:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_S)
    return False


def _blame(path: Path, test: str, why: str) -> None:
    with path.open("a") as file:
        file.write(json.dumps({"test": test, "what": "failed", "why": why, "seconds": HANG_S}) + "\n")
