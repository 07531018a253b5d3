"""What is to be flashed: an image file, packed or not, and the block map that says which of it matters."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.contracts.files import NotPlainError, open_plain
from firmware_tools.bmap import BlockMap
from firmware_tools.errors import MistakeError
from firmware_tools.flash.lengths import plain_length
from firmware_tools.flash.packed import kind_of, unpacked

TOLD_EXACTLY = frozenset({"", "xz"})  # kinds whose length is known beforehand for sure


@dataclass(frozen=True)
class Image:
    """An image file that was looked at, and not yet read."""

    path: Path
    kind: str  # xz, zst, gz, "" for a plain one
    file_bytes: int
    plain_bytes: int | None  # None where that is known only at its end
    block_map: BlockMap | None

    @property
    def write_bytes(self) -> int | None:
        """How much is to be written; None where that is known only at its end."""
        return self.block_map.mapped_bytes if self.block_map else self.plain_bytes


class Source:
    """An image that is being read from its beginning to its end."""

    def __init__(self, image: Image, file: BinaryIO) -> None:
        self.image = image
        self._file = file
        self._stream = unpacked(image.kind, file, str(image.path))

    def fill(self, view: memoryview) -> int:
        """As much of the view as there is left; fewer bytes than it has only at the end. Raises MistakeError."""
        done = 0
        while done < len(view):
            try:
                got = self._stream.readinto(view[done:])
            except OSError as error:
                raise MistakeError(f"{self.image.path} cannot be read: {error.strerror or error}") from error
            if not got:
                break
            done += got
        return done

    def skip(self, count: int, spare: memoryview) -> int:
        """Pass over so many bytes; how many there were. A plain file is not read for it."""
        if not self.image.kind:
            here = self._file.tell()
            return self._file.seek(min(here + count, self.image.file_bytes)) - here
        done = 0
        while done < count and (got := self.fill(spare[: min(count - done, len(spare))])):
            done += got
        return done

    def part_read(self) -> float:
        """Of the file, 0 to 1: what foretells the end where nothing else does."""
        return self._file.tell() / max(self.image.file_bytes, 1)


def look_at(path: Path, block_map: BlockMap | None) -> Image:
    """Raises MistakeError: there is no such file, it is none that can be flashed, or the block map is of another."""
    try:
        with open_plain(path) as file:
            start = file.read(1024)
            file_bytes = os.fstat(file.fileno()).st_size
        kind = kind_of(start)
        if kind == "zip":
            raise MistakeError(f"{path} is a zip archive: unpack it first and name the image that was in it")
        plain = plain_length(kind, path)
    except (OSError, NotPlainError) as error:
        raise MistakeError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if file_bytes == 0:
        raise MistakeError(f"{path} is empty")
    told = plain if kind in TOLD_EXACTLY else None
    if block_map is not None and told not in (None, block_map.image_bytes):
        raise MistakeError(
            f"{path} holds {told} bytes and its block map is of an image of {block_map.image_bytes}: "
            "it is the map of another image (`--bmap none` writes all of it)"
        )
    image = Image(path, kind, file_bytes, block_map.image_bytes if block_map else plain, block_map)
    _check_start(image)
    return image


def _check_start(image: Image) -> None:
    """A disk image of any board begins with a sector that ends in 55 AA; a file of another sort hardly ever does."""
    sector = bytearray(512)
    with opened(image) as source:
        source.fill(memoryview(sector))
    if sector[510:] != b"\x55\xaa":
        raise MistakeError(f"{image.path} is no disk image: it does not begin with a partition table or boot sector")


@contextlib.contextmanager
def opened(image: Image) -> Iterator[Source]:
    """Raises MistakeError: it cannot be read any more."""
    try:
        file = open_plain(image.path)
    except (OSError, NotPlainError) as error:
        raise MistakeError(f"{image.path} cannot be read: {error}") from error
    with file:
        yield Source(image, file)
