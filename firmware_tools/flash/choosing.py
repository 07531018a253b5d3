"""From the name that a user gives to the disk that may be flashed, or to the reason why there is none."""

from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.flash.disks import Disk, Roots, find_disks
from firmware_tools.flash.judging import refusals, sized
from firmware_tools.flash.using import Uses, find_uses


@dataclass(frozen=True)
class Wish:
    """What is asked of a disk: room for the image, and whether a virtual one will do."""

    need_bytes: int = 0
    virtual: bool = False


def candidates(roots: Roots, wish: Wish) -> list[Disk]:
    """The disks that may be flashed now."""
    uses = _uses(roots)
    return [d for d in find_disks(roots) if not _refusals(d, uses, roots, wish)]


def choose(device: str, roots: Roots, wish: Wish) -> Disk:
    """The disk of that name (`sdb`, `/dev/sdb`, `/dev/disk/by-id/...`).

    Raises:
        MistakeError: there is none, it is a part of one, or it must not be flashed.
    """
    name = _name(device, roots)
    disks = {disk.name: disk for disk in find_disks(roots)}
    if name not in disks:
        whole = next((disk.name for disk in disks.values() if name in disk.family), None)
        if whole is not None:
            raise MistakeError(f"{device} is a part of {whole}: name the whole disk, {whole}")
        known = ", ".join(disk.name for disk in candidates(roots, wish)) or "none"
        raise MistakeError(f"{device} is no disk with a medium in it; those that may be flashed: {known}")
    if why := _refusals(disks[name], _uses(roots), roots, wish):
        raise MistakeError(f"{described(disks[name])} is not flashed: {'; '.join(why)}")
    return disks[name]


def still_there(disk: Disk, roots: Roots, wish: Wish) -> None:
    """The same disk with the same medium, and it may still be flashed. Raises MistakeError."""
    now = next((other for other in find_disks(roots) if other.name == disk.name), None)
    if now is None:
        raise MistakeError(f"{disk.name} was unplugged meanwhile; nothing was written")
    if _identity(now) != _identity(disk):
        raise MistakeError(f"{disk.name} is another medium than a moment ago ({described(now)}); nothing was written")
    if why := _refusals(now, _uses(roots), roots, wish):
        raise MistakeError(f"{described(now)} is not flashed: {'; '.join(why)}; nothing was written")


def described(disk: Disk) -> str:
    """`sdb (Generic STORAGE DEVICE, 31.9 GB, serial 0001)`."""
    serial = f"serial {disk.serial}" if disk.serial else "no serial"
    return f"{disk.name} ({disk.model}, {sized(disk.size_bytes)}, {serial})"


def _identity(disk: Disk) -> tuple[object, ...]:
    return disk.number, disk.kind, disk.size_bytes, disk.block_bytes, disk.model, disk.serial, disk.sequence


def _refusals(disk: Disk, uses: Uses, roots: Roots, wish: Wish) -> list[str]:
    return refusals(disk, uses, roots, need_bytes=wish.need_bytes, virtual=wish.virtual)


def _uses(roots: Roots) -> Uses:
    try:
        return find_uses(roots)
    except OSError as error:
        raise MistakeError(f"cannot tell what is mounted ({error}): nothing is flashed without knowing that") from error


def _name(device: str, roots: Roots) -> str:
    """The kernel's name of what is given by name or path; as given where it is no such path."""
    path = Path(device)
    if not path.is_absolute():
        return device
    if not path.is_relative_to("/dev"):
        raise MistakeError(f"{device} is no device: those begin with /dev/")
    real = (roots.dev / path.relative_to("/dev")).resolve()
    return real.name if real.parent == roots.dev.resolve() else device
