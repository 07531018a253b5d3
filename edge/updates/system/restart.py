"""Asking for a restart: the daemon may not do it itself, so it leaves a file that a unit of root's watches for."""

from enum import StrEnum
from pathlib import Path

RUNTIME = Path("/run/foresight")  # emptied by every start of the machine
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Restart(StrEnum):
    """The names of the files; `deploy/systemd/foresight-{tryboot,reboot}.path` watch for them."""

    TRIAL = "tryboot"  # into the system that was installed, once
    PLAIN = "reboot"  # into the system that is good


def ask_restart(restart: Restart, runtime: Path) -> None:
    """Ask for it. Raises OSError where there is no such folder: the units of A/B images are not there."""
    (runtime / restart.value).touch(mode=0o600)


def boot_id() -> str:
    """Another one after every start of the machine. Raises OSError."""
    return BOOT_ID.read_text().strip()
