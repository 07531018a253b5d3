"""Programs of the operating system, run with a limit, always with the same surroundings."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware_tools.errors import FirmwareError, MistakeError

# What Debian calls the package of each program.
PACKAGES: dict[str, str] = {
    "apt-get": "apt",
    "debugfs": "e2fsprogs",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mksquashfs": "squashfs-tools",
    "mmdebstrap": "mmdebstrap",
    "qemu-aarch64-static": "qemu-user-static",
    "rauc": "rauc",
    "tar": "tar",
    "unshare": "util-linux",
}
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Command = list[str | Path]
LINES = 12  # of what a program said, in a message


def need(*programs: str) -> None:
    """Make sure that programs are there. Raises MistakeError, which names their packages."""
    missing = [name for name in programs if shutil.which(name, path=SYSTEM_PATH) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        raise MistakeError(f"{', '.join(missing)} is not here; install it: sudo apt install {packages}")


def run(
    command: Sequence[str | Path],
    failed: str,
    *,
    limit_s: float = 120,
    give: str = "",
    more: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return what it said.

    Args:
        command: the program and its arguments.
        failed: how the message begins where it fails.
        limit_s: it is killed after this time.
        give: its input.
        more: variables beside the few that every program gets.

    Raises:
        FirmwareError: it failed, or did not end in time.
    """
    surroundings = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": os.environ.get("HOME", "/")}
    try:
        done = subprocess.run(
            [str(part) for part in command],
            input=give,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            env=surroundings | dict(more or {}),
            check=False,
        )
    except FileNotFoundError as error:
        need(str(command[0]))
        raise FirmwareError(f"{failed}: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise FirmwareError(f"{failed}: {command[0]} did not end within {limit_s:.0f} s") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-LINES:])
        raise FirmwareError(f"{failed}: {command[0]} ended with {done.returncode}: {said}")
    return done.stdout


def as_owner() -> list[str]:
    """What goes before a command that must write files of other users: nothing for root, else a user namespace."""
    return [] if os.geteuid() == 0 else ["unshare", "--user", "--map-auto", "--map-root-user", "--mount"]
