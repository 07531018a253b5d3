"""The block map of an image that was made here, so that flashing leaves out what holds nothing.

What is free is asked of the file systems, never guessed from zeros: a block of zeros that a file or a table of inodes
owns must reach the card, a free one need not, whatever is in it.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from firmware_tools.bmap import BlockMap, Span, write_block_map
from firmware_tools.image import ext4, fat
from firmware_tools.image.layout import Partition, Table, read_table
from firmware_tools.image.spans import PIECE, Bytes

BLOCK = 4096
EXT4_MAGIC = b"\x53\xef"


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
    with image.open("rb") as file:
        spans = [
            _hashed(file, first * BLOCK, min(upto * BLOCK, table.disk_bytes))
            for first, upto in used_blocks(unused(image, table), blocks)
        ]
    block_map = BlockMap(table.disk_bytes, BLOCK, tuple(spans))
    write_block_map(target, block_map)
    return block_map.mapped_bytes


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


def _hashed(file: BinaryIO, start: int, end: int) -> Span:
    sums = hashlib.sha256()
    file.seek(start)
    os.posix_fadvise(file.fileno(), start, end - start, os.POSIX_FADV_SEQUENTIAL)
    left = end - start
    while left and (piece := file.read(min(PIECE, left))):
        sums.update(piece)
        left -= len(piece)
    return Span(start, end, sums.hexdigest())
