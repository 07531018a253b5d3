"""The members of a plain tar file by a stranger, one after another, in memory of bounded size.

Only what `foresight archive` writes is read: USTAR headers of regular files. Links, folders, devices, long names,
sparse files and every other extension of the format are refused by their type, before anything of them is read.
"""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from trainer.errors import TrainError

BLOCK, RECORD = 512, 10240
MAGIC = b"ustar\x0000"
REGULAR = b"0"
TYPES = MappingProxyType(
    {
        b"1": "a hard link",
        b"2": "a symbolic link",
        b"3": "a device",
        b"4": "a device",
        b"5": "a folder",
        b"6": "a pipe",
        b"S": "a sparse file",
        b"L": "a long name",
        b"K": "a long link",
        b"x": "an extended header",
        b"g": "an extended header",
    }
)
_NAME, _SIZE, _SUM, _TYPE = slice(0, 100), slice(124, 136), slice(148, 156), slice(156, 157)
_LINK, _MAGIC, _PREFIX = slice(157, 257), slice(257, 265), slice(345, 500)


@dataclass(frozen=True, slots=True)
class Member:
    """What a header tells."""

    name: str
    size_bytes: int


class Members:
    """Reads headers and contents in turns.

    Args:
        file: at its beginning.
        path: for messages.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._left, self._padding = 0, 0

    def next(self) -> Member | None:
        """The next member, or None at the end, which must be one: zeros, and not many.

        Raises:
            TrainError: it is damaged, cut off, or holds what no archive of ours holds.
        """
        if self._left:
            raise TrainError(f"{self._path}: {self._left} bytes of a member were left unread, a fault of Foresight")
        self._exactly(self._padding)
        block = self._exactly(BLOCK)
        if block.strip(b"\0"):
            member = self._member(block)
            self._left = member.size_bytes
            self._padding = -member.size_bytes % BLOCK
            return member
        if len(rest := self._file.read(RECORD)) >= RECORD or rest.strip(b"\0"):
            raise TrainError(f"{self._path} goes on after its end; it was tampered with, so archive again")
        return None

    def read(self, most_bytes: int) -> bytes:
        """The next piece of the member's content; nothing at its end."""
        data = self._exactly(min(self._left, most_bytes))
        self._left -= len(data)
        return data

    def _exactly(self, size_bytes: int) -> bytes:
        data = self._file.read(size_bytes)
        if len(data) != size_bytes:
            raise TrainError(f"{self._path} is cut off; copy it again from the device")
        return data

    def _member(self, block: bytes) -> Member:
        if block[_MAGIC] != MAGIC:
            raise TrainError(f"{self._path} is no plain tar; give the file as `foresight archive` wrote it, unpacked")
        summed = sum(block) - sum(block[_SUM]) + len(block[_SUM]) * ord(" ")
        if _octal(block[_SUM]) != summed:
            raise TrainError(f"{self._path} is damaged: a header does not add up; copy it again from the device")
        name = block[_NAME].rstrip(b"\0").decode("ascii", "backslashreplace")
        if block[_TYPE] != REGULAR:
            what = TYPES.get(block[_TYPE], f"of the unknown type {block[_TYPE]!r}")
            raise TrainError(f"{self._path}: {name!r} is {what}; archives hold regular files alone, so it is refused")
        size = _octal(block[_SIZE])
        if size is None or block[_LINK].strip(b"\0") or block[_PREFIX].strip(b"\0"):
            raise TrainError(f"{self._path}: {name!r} has a header that no archive of ours has; it is refused")
        return Member(name, size)


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else None
