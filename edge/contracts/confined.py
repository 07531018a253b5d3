"""Runs a module of ours where it can do no harm: in a process with limits that is thrown away.

`run_confined` starts `python -m edge.contracts.confined LIMITS MODULE ARGUMENTS...`, which takes the limits upon itself
and then becomes the module. It keeps damage of bad input away from the daemon; it is no wall against code that was
made to break out.
"""

import ctypes
import json
import math
import os
import resource
import runpy
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import edge
from edge.contracts.process import Child, dying_with_us

MIB = 1 << 20
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "HOME", "TMPDIR", "LANG", "LC_ALL")  # of the environment
MOST_OUTPUT_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1  # prctl(2)
NO_MEMORY = 77  # exit code
MEMORY_WORDS = ("bad_alloc", "out of memory", "cannot allocate", "failed to allocate", "MemoryError")


class End(StrEnum):
    """How a process ended."""

    DONE = "done"  # by itself; its exit code says the rest
    CRASHED = "crashed"
    HUNG = "hung"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take."""

    wall_s: float
    cpu_s: float
    memory_mib: int  # of address space
    file_mib: int = 1  # of each file that it writes


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of it."""

    how: End
    code: int  # negative: the signal
    output: bytes  # what it wrote to its standard output
    said: str  # the end of what it wrote to its standard error, on one line

    @property
    def told(self) -> str:
        """How it ended, in words."""
        end = f"exit code {self.code}" if self.code >= 0 else _signal_name(-self.code)
        return f"{end} ({self.said[-200:] or 'it gave no reason'})"


def run_confined(
    module: str, arguments: Sequence[str], limits: Limits, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run `python -m module` to its end, or to that of its time. Nothing of it is left behind.

    Args:
        module: its dotted name.
        arguments: of its command line.
        limits: what it may take.
        environment: what it is to see; None: the few variables that it needs to start, and no secrets.

    Raises:
        OSError: no process can be started.
    """
    told = json.dumps(asdict(limits))
    command = [sys.executable, "-P", "-m", "edge.contracts.confined", told, module, *arguments]
    child = Child(dying_with_us(command), (), bare_environment() if environment is None else environment)
    try:
        deadline_s = time.monotonic() + limits.wall_s
        output = _listen(child, deadline_s)
        if output is None:
            return Ended(End.HUNG, 0, b"", child.said())
        if len(output) > MOST_OUTPUT_BYTES:
            return Ended(End.LIMITS, 0, output[:MOST_OUTPUT_BYTES], f"it wrote more than {MOST_OUTPUT_BYTES} bytes")
        code = child.exit_code(deadline_s)
        said = child.said()
    finally:
        child.kill()
    return Ended(End.HUNG, 0, output, said) if code is None else Ended(_how(code, said), code, output, said)


def bare_environment() -> dict[str, str]:
    """The few variables that a process needs to start, and no secrets of the daemon's.

    NumPy's own threads would only take address space.
    """
    root = str(Path(edge.__file__).parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def confine(limits: Limits) -> None:
    """Let the kernel end this process if it goes over a limit, or when whoever waits for it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.alarm(math.ceil(limits.wall_s) + 1)
    cpu_s = math.ceil(limits.cpu_s)
    wanted = {
        resource.RLIMIT_AS: limits.memory_mib * MIB,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: limits.file_mib * MIB,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in wanted.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _listen(child: Child, deadline_s: float) -> bytes | None:
    """All that it writes, a little more than the most at most; None where it did not end in time."""
    output = b""
    while len(output) <= MOST_OUTPUT_BYTES:
        if not child.wait_for(child.stdout, deadline_s):
            return None
        heard = os.read(child.stdout, 1 << 16)
        if not heard:
            break
        output += heard
    return output


def _how(code: int, said: str) -> End:
    if code == NO_MEMORY or (code == -signal.SIGABRT and any(word in said for word in MEMORY_WORDS)):
        return End.LIMITS
    return End.DONE if code >= 0 else _BY_SIGNAL.get(-code, End.CRASHED)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_BY_SIGNAL: Mapping[int, End] = {
    signal.SIGXCPU: End.HUNG,
    signal.SIGALRM: End.HUNG,
    signal.SIGKILL: End.LIMITS,  # it was not us: the kernel was out of memory
}


def main(told: str, module: str, *arguments: str) -> None:
    """Become a module, within limits."""
    confine(Limits(**json.loads(told)))
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except MemoryError:
        os._exit(NO_MEMORY)


if __name__ == "__main__":
    main(*sys.argv[1:])
