"""Packed images as plain bytes: .xz, .zst and .gz, told by how they begin; a truncated one is an error, not an end."""

import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from firmware_tools.errors import MistakeError

STEP_BYTES = 1 << 20  # of packed bytes read at a time
XZ_MEMORY_BYTES = 512 << 20  # of a dictionary; `xz -9` asks for 64 MiB
ZSTD_WINDOW_LOG = 29  # 512 MiB; `zstd --long` asks for 128 MiB
SIGNATURES: dict[bytes, str] = {b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst", b"\x1f\x8b": "gz", b"PK\3\4": "zip"}


class Stream(Protocol):
    """Where plain bytes come from."""

    def readinto(self, view: memoryview, /) -> int | None:
        """Fill the front of the view; how many bytes, 0 at the end. Raises MistakeError, OSError."""


class Machine(Protocol):
    """What unpacks one stream of a file, as in `lzma` and `compression.zstd`."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing left to give without more packed bytes."""

    @property
    def unused_data(self) -> bytes:
        """What was behind the end of the stream."""

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        """At most so many bytes more."""


def kind_of(start: bytes) -> str:
    """`xz`, `zst`, `gz`, `zip`, or "" for what is not packed."""
    return next((kind for signature, kind in SIGNATURES.items() if start.startswith(signature)), "")


def unpacked(kind: str, source: BinaryIO, where: str) -> Stream:
    """The plain bytes of a file that is at its beginning."""
    return STREAMS[kind](source, where)


class Unpacked:
    """One packed stream after the other, until the file ends."""

    def __init__(self, source: BinaryIO, where: str, begin: Callable[[], Machine], faults: type[Exception]) -> None:
        self._source, self._where = source, where
        self._begin, self._faults = begin, faults
        self._machine = begin()

    def readinto(self, view: memoryview, /) -> int:
        """Fill the front of the view."""
        try:
            while True:
                data = self._packed()
                if self._machine.eof:
                    return 0
                if got := self._machine.decompress(data, len(view)):
                    view[: len(got)] = got
                    return len(got)
        except (self._faults, MemoryError) as error:
            raise damaged(self._where, str(error)) from error

    def _packed(self) -> bytes:
        """What the machine needs next; a new machine where another stream follows."""
        if self._machine.eof:
            if rest := self._between():
                self._machine = self._begin()
            return rest
        if not self._machine.needs_input:
            return b""
        if not (data := self._source.read(STEP_BYTES)):
            raise damaged(self._where, "it ends in the middle")
        return data

    def _between(self) -> bytes:
        """The beginning of the next stream; zeros between two are padding."""
        rest = self._machine.unused_data.lstrip(b"\0")
        while not rest and (data := self._source.read(STEP_BYTES)):
            rest = data.lstrip(b"\0")
        return rest


class Unzipped:
    """A .gz, which the standard library unpacks and checks."""

    def __init__(self, source: BinaryIO, where: str) -> None:
        self._file, self._where = gzip.GzipFile(fileobj=source), where

    def readinto(self, view: memoryview, /) -> int:
        """Fill the front of the view."""
        try:
            return self._file.readinto(view)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged(self._where, str(error)) from error


def damaged(where: str, why: str) -> MistakeError:
    """The error for an image that cannot be unpacked."""
    return MistakeError(f"{where} is damaged: {why}; fetch it anew")


def _xz(source: BinaryIO, where: str) -> Stream:
    return Unpacked(source, where, lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES), lzma.LZMAError)


def _zst(source: BinaryIO, where: str) -> Stream:
    from backports import zstd  # noqa: PLC0415 - of the extra `firmware`, needed for these images only

    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return Unpacked(source, where, lambda: zstd.ZstdDecompressor(options=options), zstd.ZstdError)


class Plain:
    """An image that is not packed."""

    def __init__(self, source: BinaryIO, _where: str) -> None:
        self._source = source

    def readinto(self, view: memoryview, /) -> int:
        """Fill the front of the view."""
        return self._source.readinto(view)  # type: ignore[attr-defined]  # BinaryIO forgets to name it


STREAMS: dict[str, Callable[[BinaryIO, str], Stream]] = {"": Plain, "xz": _xz, "zst": _zst, "gz": Unzipped}
