"""The same models asked the same, on this machine and inside the guest."""

import subprocess
import sys
from pathlib import Path

from tests.paths import REPOSITORY
from tests.rigs.arm.places import GUEST_OUT, ArmError
from tests.rigs.arm.running import Guest

MODULE = "tests.rigs.arm.outputs"
LIMIT_S = 3600.0  # some minutes where nothing else runs


def ask_here(folder: Path, answers: Path) -> Path:
    """The file of this machine's answers."""
    subprocess.run(
        [sys.executable, "-m", MODULE, str(folder), str(answers)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=LIMIT_S,
    )
    return answers


def asked(guest: Guest, cpu: str, folder: str) -> Path:
    """The file of the guest's answers about a folder of its `out`. Raises ArmError."""
    name = f"{folder}-{cpu}.npz"
    done = guest.run(["python3", "-m", MODULE, f"{GUEST_OUT}/{folder}", f"{GUEST_OUT}/{name}"], cpu, LIMIT_S)
    if done.returncode != 0:
        raise ArmError(f"{cpu} could not be asked, and ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return guest.out / name
