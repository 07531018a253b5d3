"""What of a disk is in use: mounted, swapped to, or what this very system runs from."""

import re
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.flash.disks import Disk, Roots

SYSTEM_POINTS = frozenset(
    {"/", "/boot", "/boot/efi", "/boot/firmware", "/efi", "/etc", "/home", "/nix", "/usr", "/var"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """A line of mountinfo."""

    number: str  # major:minor; 0:x for file systems such as btrfs, whose source then tells the disk
    point: str
    source: str


@dataclass(frozen=True)
class Uses:
    """What the machine uses its disks for."""

    mounts: tuple[Mount, ...]
    swaps: frozenset[str]  # names of block devices


def find_uses(roots: Roots) -> Uses:
    """Of this process's view of the machine. Raises OSError: without it nothing may be flashed."""
    lines = (roots.proc / "self/mountinfo").read_text(errors="surrogateescape").splitlines()
    mounts = tuple(mount for line in lines if (mount := _mount(line)) is not None)
    swaps = roots.proc / "swaps"
    rows = swaps.read_text().splitlines()[1:] if swaps.exists() else []
    return Uses(mounts, frozenset(_device(row.split()[0], roots) for row in rows if row.split()))


def mounted_at(disk: Disk, uses: Uses, roots: Roots) -> list[str]:
    """Where the disk, its partitions, or what is built upon them are mounted."""
    numbers, names = set(disk.family.values()), set(disk.family)
    return sorted(
        {m.point for m in uses.mounts if m.number in numbers or (m.source and _device(m.source, roots) in names)}
    )


def holds_system(points: list[str]) -> bool:
    """Whether this system runs from what is mounted there."""
    return not SYSTEM_POINTS.isdisjoint(points)


def swapped_to(disk: Disk, uses: Uses) -> list[str]:
    """What of the disk holds swap."""
    return sorted(uses.swaps & set(disk.family))


def _mount(line: str) -> Mount | None:
    before, _, after = line.partition(" - ")
    fields, tail = before.split(" "), after.split(" ")
    if len(fields) < 5 or len(tail) < 2:
        return None
    return Mount(fields[2], _plain(fields[4]), _plain(tail[1]))


def _plain(text: str) -> str:
    """Mountinfo writes blanks and the like as octal."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)


def _device(source: str, roots: Roots) -> str:
    """The kernel's name of a device file, `dm-0` for `/dev/mapper/root`; "" for what is none."""
    if not source.startswith("/dev/"):
        return ""
    return (roots.dev / Path(source).relative_to("/dev")).resolve().name
