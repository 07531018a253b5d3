"""Block maps (bmap 2.0): written for an image, so that flashing leaves out what holds nothing.

What is free is asked of the file systems, never guessed from zeros: a block of zeros that a file or a table of inodes
owns must reach the card, a free one need not, whatever is in it.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from firmware_tools.errors import FirmwareError
from firmware_tools.image import ext4, fat
from firmware_tools.image.layout import Partition, Table, read_table
from firmware_tools.image.spans import PIECE, Bytes

BLOCK = 4096
EXT4_MAGIC = b"\x53\xef"
_TEXT = """<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize>{size}</ImageSize>
    <BlockSize>{block}</BlockSize>
    <BlocksCount>{blocks}</BlocksCount>
    <MappedBlocksCount>{mapped}</MappedBlocksCount>
    <ChecksumType>sha256</ChecksumType>
    <BmapFileChecksum>{checksum}</BmapFileChecksum>
    <BlockMap>
{ranges}    </BlockMap>
</bmap>
"""


def write_bmap(image: Path, target: Path) -> int:
    """Write the block map of an image that is not packed; how many bytes of it are mapped.

    Args:
        image: with a table of partitions; FAT32 and ext4 in it are known, all of other partitions is mapped.
        target: the new file.

    Raises:
        MistakeError: it is no image of a disk.
        FirmwareError: the file cannot be written.
    """
    table = read_table(image)
    blocks = -(-table.disk_bytes // BLOCK)
    used = list(used_blocks(unused(image, table), blocks))
    with image.open("rb") as file:
        ranges = "".join(_range(first, upto, _sha256(file, Bytes(first * BLOCK, upto * BLOCK))) for first, upto in used)
    mapped = sum(upto - first for first, upto in used)
    told = {"size": table.disk_bytes, "block": BLOCK, "blocks": blocks, "mapped": mapped, "ranges": ranges}
    checksum = hashlib.sha256(_TEXT.format(checksum="0" * 64, **told).encode()).hexdigest()
    try:
        target.write_text(_TEXT.format(checksum=checksum, **told))
    except OSError as error:
        raise FirmwareError(f"{target} cannot be written: {error.strerror}") from error
    return mapped * BLOCK


def unused(image: Path, table: Table) -> tuple[Bytes, ...]:
    """What of an image need not be written: free blocks, free clusters, and zeros between partitions; in order."""
    found: list[Bytes] = []
    last = BLOCK  # the table itself
    with image.open("rb") as file:
        for partition in table.partitions:
            found += _zeros(file, Bytes(last, partition.start))
            found += _unused(image, file, partition)
            last = partition.end
        found += _zeros(file, Bytes(last, table.disk_bytes))
    return tuple(sorted(found))


def used_blocks(free: tuple[Bytes, ...], blocks: int) -> Iterator[tuple[int, int]]:
    """Blocks [first, last + 1) that are not wholly free."""
    at = 0
    for span in free:
        first, upto = -(-span.start // BLOCK), span.end // BLOCK
        if upto <= first:
            continue
        if first > at:
            yield at, first
        at = max(at, upto)
    if at < blocks:
        yield at, blocks


def _unused(image: Path, file: BinaryIO, partition: Partition) -> tuple[Bytes, ...]:
    file.seek(partition.start)
    head = file.read(2048)
    if head[1024 + 56 : 1024 + 58] == EXT4_MAGIC:
        return ext4.unused(ext4.Ext4(image, partition.start, partition.size))
    if head[82:87] == b"FAT32":
        return fat.unused(fat.Fat(image, partition.start, partition.size))
    return ()


def _zeros(file: BinaryIO, gap: Bytes) -> list[Bytes]:
    """The gap, where nothing is in it."""
    if gap.start >= gap.end:
        return []
    file.seek(gap.start)
    left = gap.end - gap.start
    while left and (piece := file.read(min(PIECE, left))):
        if piece.count(0) != len(piece):
            return []
        left -= len(piece)
    return [gap]


def _sha256(file: BinaryIO, span: Bytes) -> str:
    sums = hashlib.sha256()
    file.seek(span.start)
    os.posix_fadvise(file.fileno(), span.start, span.end - span.start, os.POSIX_FADV_SEQUENTIAL)
    left = span.end - span.start
    while left and (piece := file.read(min(PIECE, left))):
        sums.update(piece)
        left -= len(piece)
    return sums.hexdigest()


def _range(first: int, upto: int, sha256: str) -> str:
    text = f"{first}-{upto - 1}" if upto - first > 1 else str(first)
    return f'        <Range chksum="{sha256}">{text}</Range>\n'
