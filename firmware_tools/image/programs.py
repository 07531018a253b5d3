"""Programs of the operating system that images are made with: one way to run them.

They run with the rights of whoever runs this, never with more; in one language, one time zone and, where that is
given, at one time, so that what they write does not tell when or where they ran.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmware_tools.errors import FirmwareError, MistakeError

DEADLINE_S = 900.0
SYSTEM = "/usr/sbin:/sbin:/usr/local/sbin"  # often outside of a user's PATH
PACKAGES: dict[str, str] = {
    "apt-get": "apt",
    "debugfs": "e2fsprogs",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "dumpe2fs": "e2fsprogs",
    "e2fsck": "e2fsprogs",
    "resize2fs": "e2fsprogs",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mksquashfs": "squashfs-tools",
    "qemu-aarch64-static": "qemu-user-static",
    "mcopy": "mtools",
    "mdir": "mtools",
    "fsck.vfat": "dosfstools",
    "xz": "xz-utils",
}


@dataclass(frozen=True)
class Said:
    """What a program has said."""

    code: int
    out: bytes
    err: str


def run(command: Sequence[str], time_s: int = 0, codes: tuple[int, ...] = (0,)) -> Said:
    """Run a program to its end.

    Args:
        command: its name and arguments; never a secret, others can read them.
        time_s: what it is to take for the present time, seconds since 1970; 0 for the real one.
        codes: exit codes that are no failure.

    Raises:
        MistakeError: it is not installed.
        FirmwareError: it failed, or had no end in time.
    """
    return run_in(command, _environment(_path(), time_s), codes)


def run_in(
    command: Sequence[str], environment: Mapping[str, str], codes: tuple[int, ...] = (0,), limit_s: float = DEADLINE_S
) -> Said:
    """The same in an environment of the caller's, and with a limit of the caller's."""
    found = shutil.which(command[0], path=_path())
    if found is None:
        package = PACKAGES.get(command[0], command[0])
        raise MistakeError(f"{command[0]} is not installed; install it: sudo apt install {package}")
    try:
        done = subprocess.run(
            [found, *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FirmwareError(f"{command[0]} had no end within {limit_s:.0f} s; try on a quieter machine") from error
    except OSError as error:
        raise FirmwareError(f"{command[0]} cannot be run: {error.strerror}") from error
    said = Said(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
    if said.code not in codes:
        raise FirmwareError(f"{command[0]} failed (exit code {said.code}): {ending(said)}")
    return said


def ending(said: Said, length: int = 300) -> str:
    """The last of what a program has said, on one line."""
    text = said.err.strip() or said.out.decode(errors="replace").strip()
    return " ".join(text[-length:].split())


def _path() -> str:
    return os.environ.get("PATH", "") + os.pathsep + SYSTEM


def _environment(path: str, time_s: int) -> dict[str, str]:
    told = {"SOURCE_DATE_EPOCH": str(time_s), "E2FSPROGS_FAKE_TIME": str(time_s)} if time_s else {}
    plain = {"PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent", "PAGER": "cat"}
    return {**plain, "MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1", **told}
