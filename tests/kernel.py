"""What not every kernel does: tests that need it ask here, by trying, and skip with the reason where it is not so.

An emulator of a processor stands between the program and the kernel, and passes on what it can.
"""

import functools
import subprocess
import sys

import pytest

from tests.paths import REPOSITORY
from tests.patience import patient

LIMIT_MIB = 256
GREEDY = f"""
import mmap, resource
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT_MIB} << 20,) * 2)
try:
    mmap.mmap(-1, {LIMIT_MIB} << 21)
except (OSError, MemoryError):
    print("refused")
"""
FORBIDDEN = """
import ctypes, errno, platform
from tests.rigs.forbidden import CAPSET, forbid
number, kernel = CAPSET[platform.machine()], ctypes.CDLL(None, use_errno=True)
try:
    forbid(number)
except AssertionError:
    print("filters are refused, calls are not")
if kernel.syscall(number, 0, 0) and ctypes.get_errno() == errno.EPERM:
    print("refused")
"""


def needs_filters() -> None:
    """Skip where a process cannot be forbidden a system call."""
    if not _calls_can_be_forbidden():
        pytest.skip("no system call can be forbidden here: qemu-user does not pass seccomp(2) on to the kernel")


def needs_memory_limits() -> None:
    """Skip where a process may take more memory than RLIMIT_AS says."""
    if not memory_is_limited():
        pytest.skip("RLIMIT_AS limits nothing here: qemu-user does not pass it on to the kernel")


@functools.cache
def memory_is_limited() -> bool:
    """Whether a process may not take more memory than RLIMIT_AS says."""
    return _prints_refused(GREEDY)


@functools.cache
def _calls_can_be_forbidden() -> bool:
    return _prints_refused(FORBIDDEN)


def _prints_refused(code: str) -> bool:
    command = [sys.executable, "-c", code]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=patient(30), check=True, cwd=REPOSITORY)
    return tried.stdout.strip() == "refused"
