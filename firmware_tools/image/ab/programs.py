"""Programs of the operating system, run with a limit and always with the same surroundings."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.programs import PACKAGES, run_in

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Command = list[str | Path]


def need(*programs: str) -> None:
    """Make sure that programs are there. Raises MistakeError, which names their packages."""
    missing = [name for name in programs if shutil.which(name, path=SYSTEM_PATH) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES.get(name, name) for name in missing}))
        raise MistakeError(f"{', '.join(missing)} is not here; install it: sudo apt install {packages}")


def run(
    command: Sequence[str | Path], failed: str, *, limit_s: float = 120, more: Mapping[str, str] | None = None
) -> str:
    """Run a program and return what it said.

    Args:
        command: the program and its arguments; never a secret, others can read them.
        failed: how the message begins where it fails.
        limit_s: it is killed after this time.
        more: variables beside the few that every program gets.

    Raises:
        FirmwareError: it failed, or did not end in time.
    """
    plain = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": os.environ.get("HOME", "/")}
    plain |= {"MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1"}
    try:
        said = run_in([str(part) for part in command], plain | dict(more or {}), limit_s=limit_s)
    except FirmwareError as error:
        raise type(error)(f"{failed}: {error}") from error
    return said.out.decode(errors="replace")


def as_owner() -> list[str]:
    """What goes before a command that must write files of other users: nothing for root, else a user namespace."""
    return [] if os.geteuid() == 0 else ["unshare", "--user", "--map-auto", "--map-root-user", "--mount"]
