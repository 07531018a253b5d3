"""Which libraries of the system compiled wheels want: read from their ELF headers, for nothing of a board runs here."""

import struct
from collections.abc import Iterator
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image import ext4

FOLDERS = ("/usr/lib/aarch64-linux-gnu", "/usr/lib")
HEADER = struct.Struct("<16xHHIQQQIHHHHHH")  # of a file
SEGMENT = struct.Struct("<IIQQQQQQ")
DYNAMIC = struct.Struct("<qQ")
LOAD, DYNAMIC_SEGMENT = 1, 2  # kinds of segments
END, NEEDED, STRINGS = 0, 1, 5  # kinds of dynamic entries


def refuse_lacking(root: Path, fs: ext4.Ext4, script: Path) -> None:
    """Hold what compiled files of a folder want against what the image has.

    Args:
        root: stands for the root of the device; what is in it is not wanted of the image.
        fs: the image's root.
        script: a file for commands, which is deleted.

    Raises:
        MistakeError: the image lacks libraries.
    """
    compiled = [path for path in root.rglob("*.so*") if path.is_file() and not path.is_symlink()]
    wanted = {name for path in compiled for name in needed(path.read_bytes())} - {path.name for path in compiled}
    if not wanted:
        return
    there = {name for entries in ext4.listings(fs, FOLDERS, script).values() for name in entries}
    if lacking := sorted(wanted - there):
        raise MistakeError(
            f"the image lacks libraries that the wheels need: {', '.join(lacking)}; give the official image"
        )


def needed(data: bytes) -> tuple[str, ...]:
    """The libraries that an ELF file for 64 bit names; nothing where it is none, or damaged."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < HEADER.size:
        return ()
    try:
        return tuple(_names(data))
    except (struct.error, ValueError):
        return ()


def _names(data: bytes) -> Iterator[str]:
    _, _, _, _, at, _, _, _, width, count, *_ = HEADER.unpack_from(data)
    segments = [SEGMENT.unpack_from(data, at + i * width) for i in range(count)]
    loads = [(address, offset, size) for kind, _, offset, address, _, size, _, _ in segments if kind == LOAD]
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind != DYNAMIC_SEGMENT:
            continue
        entries = list(DYNAMIC.iter_unpack(data[offset : offset + size - size % DYNAMIC.size]))
        entries = entries[: next((i for i, (tag, _) in enumerate(entries) if tag == END), len(entries))]
        table = next((value for tag, value in entries if tag == STRINGS), 0)
        strings = next(
            (table - address + off for address, off, length in loads if address <= table < address + length), 0
        )
        for tag, value in entries:
            if tag == NEEDED:
                start = strings + value
                yield data[start : data.index(b"\0", start)].decode("ascii", "replace")
