"""What not every kernel does: tests that need it ask here, by trying, and skip with the reason where it is not so.

An emulator of a processor stands between the program and the kernel, and passes on what it can.
"""

import functools
import subprocess
import sys

import pytest

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


def needs_memory_limits() -> None:
    """Skip where a process may take more memory than RLIMIT_AS says."""
    if not memory_is_limited():
        pytest.skip("RLIMIT_AS limits nothing here: qemu-user does not pass it on to the kernel")


@functools.cache
def memory_is_limited() -> bool:
    """Whether a process may not take more memory than RLIMIT_AS says."""
    tried = subprocess.run(
        [sys.executable, "-c", GREEDY], capture_output=True, text=True, timeout=patient(30), check=True
    )
    return tried.stdout.strip() == "refused"
