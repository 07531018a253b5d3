"""Programs that die with whoever started them, also where the system forbids some of the ways to that."""

import platform
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from tests.kernel import needs_filters
from tests.paths import REPOSITORY
from tests.programs import absent
from tests.rigs.forbidden import CAPSET
from tests.rigs.host import wait_until

STARTS = """
import subprocess
from edge.contracts.process import dying_with_us
print(subprocess.Popen(dying_with_us(["sleep", "600"])).pid, flush=True)
input()
"""
SAYS = """
import subprocess
from edge.contracts.process import dying_with_us
from tests.rigs.forbidden import forbid
forbid({number})
print(subprocess.run(dying_with_us(["echo", "it runs"]), capture_output=True, text=True))
"""


def python(code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def test_a_program_dies_with_who_started_it() -> None:
    if shutil.which("setpriv") is None:
        absent("setpriv is not installed (package util-linux)")
    parent = python(STARTS)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    try:
        assert wait_until(lambda: child.name() == "sleep")  # by then it has asked to die with its parent
        parent.send_signal(signal.SIGKILL)
        parent.communicate(timeout=60)
        assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    finally:
        if child.is_running():
            child.kill()


def test_a_program_runs_where_capset_is_forbidden() -> None:
    """As under the hardening of many units; setpriv cannot be had there."""
    number = CAPSET.get(platform.machine())
    if number is None:
        pytest.skip(f"the number of capset on {platform.machine()} is not known here")
    needs_filters()
    said, _ = python(SAYS.format(number=number)).communicate(timeout=60)
    assert "returncode=0, stdout='it runs" in said
