"""A disk with a partition table (GPT), written here so that every byte of it follows from what it is made of."""

import os
import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import FirmwareError
from firmware_tools.image.ab.layout import ALIGN_MIB, MIB, Partition

SECTOR = 512
ENTRIES, ENTRY_BYTES = 128, 128
TABLE_SECTORS = ENTRIES * ENTRY_BYTES // SECTOR
CHUNK = 4 * MIB


@dataclass(frozen=True)
class Placed:
    """A partition on the disk, in bytes."""

    partition: Partition
    start: int

    @property
    def size(self) -> int:
        """How large."""
        return self.partition.size_mib * MIB


def place(partitions: Sequence[Partition]) -> tuple[tuple[Placed, ...], int]:
    """Where each partition lies, and how large the whole disk is."""
    at, placed = ALIGN_MIB * MIB, []
    for one in partitions:
        placed.append(Placed(one, at))
        at += -(-one.size_mib // ALIGN_MIB) * ALIGN_MIB * MIB
    return tuple(placed), at + ALIGN_MIB * MIB


def write_disk(target: Path, partitions: Sequence[Partition], contents: dict[str, Path], seed: uuid.UUID) -> None:
    """Write an image, sparse: blocks of zeros are left out.

    Args:
        target: the file.
        partitions: in the order of their numbers.
        contents: a file system by label of partition; a partition without one stays empty.
        seed: what the identities of disk and partitions are made of.

    Raises:
        FirmwareError: it cannot be written, or a file system is larger than its partition.
    """
    placed, size = place(partitions)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)  # it may hold a key
        with os.fdopen(descriptor, "wb") as disk:
            disk.truncate(size)
            for one in placed:
                if one.partition.label in contents:
                    _copy(contents[one.partition.label], disk.fileno(), one)
            _tables(disk.fileno(), placed, size, seed)
    except OSError as error:
        raise FirmwareError(f"{target} cannot be written ({error}); is there room on the disk?") from error


def _copy(source: Path, disk: int, place: Placed) -> None:

    at = place.start
    with source.open("rb") as content:
        while piece := content.read(CHUNK):
            if at + len(piece) > place.start + place.size:
                raise FirmwareError(f"{source.name} is larger than the partition {place.partition.label}")
            if piece.count(0) != len(piece):
                os.pwrite(disk, piece, at)
            at += len(piece)


def _tables(disk: int, placed: Sequence[Placed], size: int, seed: uuid.UUID) -> None:

    last = size // SECTOR - 1
    entries = b"".join(_entry(one, seed) for one in placed).ljust(ENTRIES * ENTRY_BYTES, b"\0")
    os.pwrite(disk, _protective(last), 0)
    os.pwrite(disk, _header(1, last, 2, last, entries, seed), SECTOR)
    os.pwrite(disk, entries, 2 * SECTOR)
    os.pwrite(disk, entries, (last - TABLE_SECTORS) * SECTOR)
    os.pwrite(disk, _header(last, 1, last - TABLE_SECTORS, last, entries, seed), last * SECTOR)


def _protective(last: int) -> bytes:
    """The old table, which says that all of the disk is in use."""
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, min(last, 0xFFFFFFFF))
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def _header(at: int, other: int, table: int, last: int, entries: bytes, seed: uuid.UUID) -> bytes:
    first_usable, last_usable = 2 + TABLE_SECTORS, last - TABLE_SECTORS - 1

    def packed(checksum: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII",
            b"EFI PART",
            0x00010000,
            92,
            checksum,
            0,
            at,
            other,
            first_usable,
            last_usable,
            seed.bytes_le,
            table,
            ENTRIES,
            ENTRY_BYTES,
            zlib.crc32(entries),
        )

    return packed(zlib.crc32(packed(0))).ljust(SECTOR, b"\0")


def _entry(placed: Placed, seed: uuid.UUID) -> bytes:
    kind = uuid.UUID(placed.partition.kind).bytes_le
    own = uuid.uuid5(seed, placed.partition.label).bytes_le
    first = placed.start // SECTOR
    name = placed.partition.label.encode("utf-16-le").ljust(72, b"\0")
    return struct.pack("<16s16sQQQ72s", kind, own, first, first + placed.size // SECTOR - 1, 0, name)
