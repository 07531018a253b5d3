"""Whether an image is the official Raspberry Pi OS that can be customised, told by its layout."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image import ext4, fat
from firmware_tools.image.layout import Table, read_table
from firmware_tools.image.sbom_debian import packages
from firmware_tools.image.wheels import Target
from firmware_tools.image.wheels_install import HOME

GIVE = "give the official image of Raspberry Pi OS Lite (64-bit), Debian 12 or 13"
BOOT_FILES = ("config.txt", "cmdline.txt", "kernel8.img", "issue.txt")
FAT_KINDS = frozenset({"0b", "0c", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"})
RELEASES = ("bookworm", "trixie")
OLDEST_PYTHON, NEWEST_PYTHON = 11, 13
OLDEST_GLIBC = 34  # the least that the wheels of LiteRT really need
AARCH64 = 183
_OS_FIELD = re.compile(r'^([A-Z_]+)="?([^"\n]*)"?$', re.MULTILINE)
_PYTHON = re.compile(r"(?:/usr/bin/)?python3\.(\d{1,3})")
_GLIBC = re.compile(r"2\.(\d{1,3})")
_PARTUUID = re.compile(r"root=PARTUUID=(\S+)")


@dataclass(frozen=True)
class Official:
    """An image that can be customised.

    Attributes:
        table: its partitions.
        boot: the file system from which the board's firmware starts it.
        root: the root file system.
        cmdline: of its kernel, one line.
        release: the code name of its Debian.
        title: what it calls itself.
        target: what its wheels must run on.
        cloud_init: whether it reads user-data and the like from the boot partition.
        status: its /var/lib/dpkg/status.
        made_s: when its root file system was written, seconds since 1970.
    """

    table: Table
    boot: fat.Fat
    root: ext4.Ext4
    cmdline: str
    release: str
    title: str
    target: Target
    cloud_init: bool
    status: bytes
    made_s: int


def look(image: Path) -> Official:
    """What an unpacked image is.

    Raises:
        MistakeError: it is not the official system, or one that cannot be customised.
        FirmwareError: a file system in it is damaged.
    """
    table = read_table(image)
    if len(table.partitions) != 2 or table.partitions[0].kind not in FAT_KINDS:
        raise MistakeError(f"it has {len(table.partitions)} partitions and not a FAT32 and an ext4 one; {GIVE}")
    first, second = table.partitions
    boot, root = fat.Fat(image, first.start, first.size), ext4.Ext4(image, second.start, second.size)
    cmdline = _boot(boot, table)
    ext4.superblock(root)
    ext4.check(root)
    if ext4.read(root, f"{HOME}/pyvenv.cfg"):
        raise MistakeError(f"it has been customised already; {GIVE}")
    release, title = _release(root)
    status = ext4.read(root, "/var/lib/dpkg/status")
    target = _target(root, status)
    cloud_init = "cloud-init" in packages(status)
    return Official(table, boot, root, cmdline, release, title, target, cloud_init, status, _made(root))


def _boot(boot: fat.Fat, table: Table) -> str:
    """The kernel's command line, once all is there that a boot needs."""
    fat.geometry(boot)
    there = fat.names(boot)
    if missing := [name for name in BOOT_FILES if name not in there]:
        raise MistakeError(f"its boot partition lacks {', '.join(missing)}; {GIVE}")
    lines = fat.read(boot, "cmdline.txt").decode(errors="replace").strip().splitlines()
    if len(lines) != 1:
        raise MistakeError(f"its cmdline.txt has {len(lines)} lines, not one; {GIVE}")
    if "cryptdevice=" in lines[0] or "root=/dev/mapper" in lines[0]:
        raise MistakeError(f"its root partition is encrypted; {GIVE}")
    named = _PARTUUID.findall(lines[0])
    wanted = f"{table.disk}-{table.partitions[1].number:02d}"
    if table.kind == "mbr" and any(name.lower() != wanted for name in named):
        raise MistakeError(f"its cmdline.txt boots from {named[0][:40]}, its root partition is {wanted}; {GIVE}")
    return lines[0]


def _release(root: ext4.Ext4) -> tuple[str, str]:
    told: dict[str, str] = dict(_OS_FIELD.findall(ext4.read(root, "/usr/lib/os-release").decode(errors="replace")))
    title = told.get("PRETTY_NAME", told.get("ID", "an unknown system"))[:80]
    if told.get("ID") == "raspbian":
        raise MistakeError(f"this is the 32-bit system ({title}); {GIVE}")
    release = told.get("VERSION_CODENAME", "")
    if told.get("ID") != "debian" or release not in RELEASES:
        raise MistakeError(f"this is {title}; {GIVE}")
    return release, title


def _target(root: ext4.Ext4, status: bytes) -> Target:
    there = packages(status)
    if "libc6" not in there or "systemd" not in there:
        raise MistakeError(f"it lacks the packages libc6 and systemd; {GIVE}")
    if (architecture := there["libc6"].architecture) != "arm64":
        raise MistakeError(f"this is a system for {architecture}, not for 64 bit (arm64); {GIVE}")
    glibc = _GLIBC.match(there["libc6"].version)
    if glibc is None or int(glibc[1]) < OLDEST_GLIBC:
        raise MistakeError(f"its C library is {there['libc6'].version}, needed is 2.{OLDEST_GLIBC} or later; {GIVE}")
    named = ext4.link(root, "/usr/bin/python3")
    python = _PYTHON.fullmatch(named)
    if python is None:
        raise MistakeError(f"it has no /usr/bin/python3; {GIVE}")
    if not OLDEST_PYTHON <= int(python[1]) <= NEWEST_PYTHON:
        raise MistakeError(f"its Python is 3.{python[1]}, needed is 3.{OLDEST_PYTHON} to 3.{NEWEST_PYTHON}; {GIVE}")
    program = ext4.read(root, f"/usr/bin/python3.{python[1]}")[:20]
    if program[:5] != b"\x7fELF\x02" or struct.unpack_from("<H", program, 18)[0] != AARCH64:
        raise MistakeError(f"its Python is no program for 64-bit Arm; {GIVE}")
    return Target(int(python[1]), int(glibc[1]))


def _made(root: ext4.Ext4) -> int:
    with root.image.open("rb") as file:
        file.seek(root.start + 1024 + 48)
        return int(struct.unpack("<I", file.read(4))[0])
