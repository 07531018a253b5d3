"""Whether a disk may be flashed, and if not, all the reasons. Decides, touches nothing."""

from firmware_tools.flash.disks import Disk, Kind, Roots
from firmware_tools.flash.using import Uses, holds_system, mounted_at, swapped_to

CARDS = frozenset({Kind.USB, Kind.SD, Kind.REMOVABLE})


def refusals(disk: Disk, uses: Uses, roots: Roots, *, need_bytes: int, virtual: bool) -> list[str]:
    """Why not, in words; empty where it may be flashed.

    Args:
        disk: as it is now.
        uses: of the machine, as it is now.
        roots: where they were read.
        need_bytes: what the image takes; 0 where that is not known beforehand.
        virtual: whether loop and network block devices may be flashed as well.
    """
    points = mounted_at(disk, uses, roots)
    found = []
    if disk.kind not in CARDS and not (virtual and disk.kind is Kind.VIRTUAL):
        found.append(_unlikely(disk))
    if holds_system(points):
        found.append(f"this system runs from it ({', '.join(points)})")
    elif points:
        found.append(f"it is mounted at {', '.join(points)}: unmount it first")
    if swaps := swapped_to(disk, uses):
        found.append(f"this system swaps to {', '.join(swaps)}")
    if disk.read_only:
        found.append("it is read-only: look for the lock switch of the card or its adapter")
    if need_bytes > disk.size_bytes:
        found.append(f"it holds {sized(disk.size_bytes)} and the image takes {sized(need_bytes)}: use a larger one")
    return found


def _unlikely(disk: Disk) -> str:
    if disk.kind is Kind.VIRTUAL:
        return "it is no card but a virtual disk (--virtual admits those)"
    return "it is a disk that is built into this machine, no card"


def sized(count: int) -> str:
    """Bytes as makers of cards count them: 31.9 GB."""
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"
