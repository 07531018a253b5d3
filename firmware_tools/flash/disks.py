"""The disks of this machine, as /sys/block tells of them. Reads, decides nothing."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

SECTOR_BYTES = 512  # the unit of /sys/block/*/size, whatever the disk's own blocks are
_DISK = re.compile(r"(sd[a-z]+|mmcblk\d+|nvme\d+n\d+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|loop\d+|nbd\d+)")


@dataclass(frozen=True)
class Roots:
    """Where the kernel tells of the machine; tests set up their own."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    dev: Path = Path("/dev")


class Kind(StrEnum):
    """What a disk is, as far as it matters to somebody who looks for a card."""

    USB = "USB"
    SD = "SD card"
    REMOVABLE = "removable"
    FIXED = "fixed"
    VIRTUAL = "virtual"


@dataclass(frozen=True)
class Disk:
    """A whole disk. Equal values before and after a question mean that nobody changed the medium meanwhile."""

    name: str  # sdb, mmcblk0
    number: str  # major:minor
    kind: Kind
    size_bytes: int
    block_bytes: int  # the smallest that it reads and writes
    model: str
    serial: str  # "" where it tells none
    read_only: bool
    sequence: int  # counted up by the kernel with each medium; 0 where it is too old for that
    family: dict[str, str] = field(hash=False)  # name -> number: itself, its partitions, and what is built upon them


def find_disks(roots: Roots) -> list[Disk]:
    """All disks that hold a medium, in the order of their names. One that vanishes meanwhile is left out."""
    entries = sorted((roots.sys / "block").glob("*"), key=lambda path: (len(path.name), path.name))
    disks = [_disk(entry) for entry in entries if _DISK.fullmatch(entry.name)]
    return [disk for disk in disks if disk is not None and disk.size_bytes]


def _disk(entry: Path) -> Disk | None:
    home = entry.resolve()
    try:
        return Disk(
            name=entry.name,
            number=(home / "dev").read_text().strip(),
            kind=_kind(home),
            size_bytes=int((home / "size").read_text()) * SECTOR_BYTES,
            block_bytes=int(_text(home / "queue/logical_block_size") or SECTOR_BYTES),
            model=_model(home),
            serial=_serial(home),
            read_only=_text(home / "ro") != "0",
            sequence=int(_text(home / "diskseq") or 0),
            family=_family(home),
        )
    except (OSError, ValueError):  # unplugged while it was read
        return None


def _kind(home: Path) -> Kind:
    if "virtual" in home.parts:
        return Kind.VIRTUAL
    if any(re.fullmatch(r"usb\d+", part) for part in home.parts):
        return Kind.USB
    if home.name.startswith("mmcblk"):  # what is soldered on calls itself MMC
        return Kind.SD if _text(home / "device/type") == "SD" else Kind.FIXED
    return Kind.REMOVABLE if _text(home / "removable") == "1" else Kind.FIXED


def _model(home: Path) -> str:
    if (backing := _text(home / "loop/backing_file")) != "":
        return f"loop of {Path(backing).name}"
    words = (_text(home / "device/vendor"), _text(home / "device/model") or _text(home / "device/name"))
    return " ".join(word for word in words if word and not word.startswith("0x")) or "unknown"


def _serial(home: Path) -> str:
    """Of the disk itself, or of the USB device that it hangs on; of a loop, the file behind it."""
    own = _text(home / "loop/backing_file") or _text(home / "device/serial") or _page_80(home / "device/vpd_pg80")
    if own:
        return own
    for above in home.parents:
        if (above / "idVendor").exists():
            return _text(above / "serial")
    return ""


def _page_80(path: Path) -> str:
    """The serial number of a SCSI disk: a page of four bytes of header and then text."""
    try:
        return path.read_bytes()[4:].decode("ascii", "ignore").strip("\0 \n")
    except OSError:
        return ""


def _family(home: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = [home]
    while waiting:
        member = waiting.pop()
        number = _text(member / "dev")
        if not number or member.name in found:
            continue
        found[member.name] = number
        waiting += [path.parent for path in member.glob("*/partition")]
        waiting += [path.resolve() for path in (member / "holders").glob("*")]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
