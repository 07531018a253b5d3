"""How a disk is divided: MBR and GPT, read from an image that comes from outside."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from edge.contracts.files import NotPlainError, open_plain
from firmware_tools.errors import MistakeError

SECTOR = 512
PROTECTIVE, EXTENDED = 0xEE, frozenset({0x05, 0x0F, 0x85})
MBR_ENTRIES = 446  # bytes from the beginning; four of 16 bytes
GPT_HEADER = struct.Struct("<8s4sIIIQQQQ16sQIII")
GPT_ENTRY = struct.Struct("<16s16sQQQ72s")
MOST_ENTRIES = 128


@dataclass(frozen=True)
class Partition:
    """A part of a disk.

    Attributes:
        number: as it is counted in its table, from 1.
        start: bytes from the beginning of the disk.
        size: bytes.
        kind: two hexadecimal digits (MBR) or a type's UUID (GPT).
        name: its label in the table; an MBR has none.
    """

    number: int
    start: int
    size: int
    kind: str
    name: str

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size


@dataclass(frozen=True)
class Table:
    """A table of partitions, in the order in which they lie on the disk.

    Attributes:
        kind: `mbr` or `gpt`.
        disk: its identity, as PARTUUID= begins for an MBR: eight hexadecimal digits, or a UUID.
        partitions: apart from each other.
        disk_bytes: size of the image.
    """

    kind: str
    disk: str
    partitions: tuple[Partition, ...]
    disk_bytes: int


def read_table(image: Path) -> Table:
    """The partitions of an image.

    Raises:
        MistakeError: it has none, or its table contradicts itself.
    """
    try:
        with open_plain(image) as file:
            size = file.seek(0, 2)
            table = _table(file, size)
    except (OSError, NotPlainError, ValueError) as error:
        raise MistakeError(f"this is no image of a disk: {error}; give the official image") from error
    return table


def _table(file: BinaryIO, size: int) -> Table:
    first = _at(file, 0, SECTOR)
    if first[510:] != b"\x55\xaa":
        raise ValueError("it has no table of partitions")
    kinds = {first[MBR_ENTRIES + 16 * i + 4] for i in range(4)}
    read: Callable[[BinaryIO, bytes], tuple[str, list[Partition]]] = _gpt if PROTECTIVE in kinds else _mbr
    disk, found = read(file, first)
    found.sort(key=lambda partition: partition.start)
    last = SECTOR
    for partition in found:
        if partition.start < last or partition.size <= 0 or partition.end > size:
            raise ValueError(f"partition {partition.number} overlaps another, or ends behind the image's {size} bytes")
        last = partition.end
    if not found:
        raise ValueError("its table of partitions is empty")
    return Table("gpt" if read is _gpt else "mbr", disk, tuple(found), size)


def _mbr(_file: BinaryIO, first: bytes) -> tuple[str, list[Partition]]:
    found = []
    for number in range(1, 5):
        entry = first[MBR_ENTRIES + 16 * (number - 1) :][:16]
        kind, start, sectors = entry[4], *struct.unpack("<II", entry[8:])
        if kind in EXTENDED:
            raise ValueError("it has an extended partition, which no official image has")
        if kind and sectors:
            found.append(Partition(number, start * SECTOR, sectors * SECTOR, f"{kind:02x}", ""))
    return f"{struct.unpack('<I', first[440:444])[0]:08x}", found


def _gpt(file: BinaryIO, _first: bytes) -> tuple[str, list[Partition]]:
    raw = _at(file, SECTOR, GPT_HEADER.size)
    magic, _, length, crc, _, _, _, _, _, disk, entries, count, width, sums = GPT_HEADER.unpack(raw)
    if magic != b"EFI PART" or length != GPT_HEADER.size or zlib.crc32(raw[:16] + bytes(4) + raw[20:]) != crc:
        raise ValueError("the header of its GPT is damaged")
    if count > MOST_ENTRIES or width != GPT_ENTRY.size:
        raise ValueError(f"its GPT has {count} entries of {width} bytes, known are up to 128 of 128")
    table = _at(file, entries * SECTOR, count * width)
    if zlib.crc32(table) != sums:
        raise ValueError("the entries of its GPT are damaged")
    found = []
    for number in range(1, count + 1):
        kind, _, start, last, _, name = GPT_ENTRY.unpack_from(table, (number - 1) * width)
        if any(kind):
            label = name.decode("utf-16-le", "replace").split("\0")[0]
            size = (last - start + 1) * SECTOR
            found.append(Partition(number, start * SECTOR, size, str(UUID(bytes_le=kind)), label))
    return str(UUID(bytes_le=disk)), found


def _at(file: BinaryIO, where: int, length: int) -> bytes:
    file.seek(where)
    if len(got := file.read(length)) != length:
        raise ValueError("it is too short")
    return got
