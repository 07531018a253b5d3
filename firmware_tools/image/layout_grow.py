"""Room for what is added: the image, its last partition and the file system in it are made larger.

The disk's identity stays, so PARTUUID= in cmdline.txt and fstab still means the same partitions.
"""

import os
import struct
from dataclasses import replace
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image import ext4
from firmware_tools.image.layout import MBR_ENTRIES, SECTOR
from firmware_tools.image.layout_official import Official
from firmware_tools.image.spans import Bytes, copy_into, copy_span

RESERVE_BYTES = 96 << 20  # free afterwards, for the first boot, which enlarges the root to the whole card
RESERVE_INODES = 4096
INODES_PER_BYTE = 1 / 16384  # what mke2fs makes
GRAIN = 4 << 20
LARGEST_MBR_BYTES = SECTOR * 0xFFFFFFFF


def make_room(found: Official, needed_bytes: int, files: int, work: Path, time_s: int) -> Official:
    """The same image with enough free space in its root, enlarged where it has too little.

    Args:
        found: the image.
        needed_bytes: what is going to be written.
        files: how many files and folders that is.
        work: a private folder.
        time_s: the time that changes bear, seconds since 1970.

    Raises:
        MistakeError: it cannot be enlarged.
        FirmwareError: resize2fs failed.
        OSError: there is no room on this machine.
    """
    there = ext4.superblock(found.root)
    lacking = max(
        needed_bytes + RESERVE_BYTES - there.free_bytes,
        int((files + RESERVE_INODES - there.free_inodes) / INODES_PER_BYTE),
    )
    if lacking <= 0:
        return found
    grown = _enlarged(found, lacking + lacking // 32)  # 3 %: tables of the new groups
    _enlarge(grown.root, found.root.size, work / "ext4", time_s)
    ext4.check(grown.root)
    if ext4.superblock(grown.root).free_bytes < needed_bytes:
        raise MistakeError("the root file system stays too small although it was enlarged; give the official image")
    return grown


def _enlarge(root: ext4.Ext4, before: int, alone: Path, time_s: int) -> None:
    """Enlarge the file system in a file of its own: resize2fs cuts a file off behind it, wherever it begins."""
    copy_span(root.image, Bytes(root.start, root.start + before), alone)
    os.truncate(alone, root.size)
    ext4.enlarge(ext4.Ext4(alone, 0, root.size), time_s)
    copy_into(alone, Bytes(0, root.size), root.image, root.start)
    alone.unlink()


def _enlarged(found: Official, more: int) -> Official:
    """The image file and the entry of its last partition."""
    last, image = found.table.partitions[-1], found.root.image
    if found.table.kind != "mbr":
        raise MistakeError(f"it has a GPT and {more >> 20} MiB too little room; enlarge its last partition first")
    end = -(-(last.end + more) // GRAIN) * GRAIN
    if end > LARGEST_MBR_BYTES:
        raise MistakeError("it would grow larger than an MBR can tell; leave out models, or give the Lite image")
    if last.end < found.table.disk_bytes - GRAIN:
        raise MistakeError("something lies behind its last partition, so that it cannot grow; give the official image")
    os.truncate(image, end)
    with image.open("r+b") as file:
        file.seek(MBR_ENTRIES + 16 * (last.number - 1) + 12)
        file.write(struct.pack("<I", (end - last.start) // SECTOR))
    larger = replace(last, size=end - last.start)
    table = replace(found.table, partitions=(*found.table.partitions[:-1], larger), disk_bytes=end)
    return replace(found, table=table, root=replace(found.root, size=larger.size))
