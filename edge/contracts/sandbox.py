"""Runs a module of ours where it can do no harm: in a process with limits that is thrown away.

It is for what ends by itself; a process that is to stay (an accelerator's, the learner's) is an
`edge.contracts.process.Child` with the same bare environment. A sandbox keeps damage of bad input away from the daemon;
it is no wall against code that was made to break out. An emulator of a processor need not pass limits of memory on to
the kernel (qemu-user does not): time is limited there as well, memory is not.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import edge
from edge.contracts.process import Child
from edge.contracts.sandboxed import NO_MEMORY

PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "HOME", "TMPDIR", "LANG", "LC_ALL")  # of the environment
MOST_OUTPUT_BYTES = 1 << 20
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


def run_sandboxed(
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
    command = [sys.executable, "-P", "-m", "edge.contracts.sandboxed", told, module, *arguments]
    child = Child(command, (), bare_environment() if environment is None else environment)
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
