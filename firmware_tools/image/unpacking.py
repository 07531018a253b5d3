"""The image that a person gives as a plain file with holes for zeros, once its SHA-256 is what it should be."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from edge.contracts.files import NotPlainError, open_plain, read_plain, sha256_of
from firmware_tools.errors import MistakeError
from firmware_tools.flash.packed import kind_of, unpacked

HOLE = 64 << 10
STEP = 4 << 20
LARGEST_BYTES = 64 << 30
MOST_LIST_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def wanted_sha256(text: str, file: Path | None, image: Path) -> str:
    """The SHA-256 that a person has given, in words or as a file as `sha256sum` writes it.

    Raises:
        MistakeError: none is given, or something else.
    """
    given = text.strip().lower()
    if file is not None:
        given = _listed(file, image.name)
    if not given:
        raise MistakeError("say which SHA-256 the image has, as its download page does: --sha256 or --sha256-file")
    if not _SHA256.fullmatch(given):
        raise MistakeError(f"{given[:80]!r} is no SHA-256: those have 64 digits from 0 to f")
    return given


def unpack(image: Path, wanted: str, target: Path) -> None:
    """Write the plain image to a new file.

    Args:
        image: packed or not.
        wanted: the SHA-256 of that file, or of what is in it.
        target: the new private file; it is not whole when this raises.

    Raises:
        MistakeError: it is another image, or damaged.
        OSError: there is no room.
    """
    try:
        with open_plain(image) as file:
            packed = sha256_of(file)
            file.seek(0)
            kind = kind_of(file.read(8))
            if kind == "zip":
                raise MistakeError(f"{image} is a .zip; unpack it first")
            if not kind and packed != wanted:
                raise _other(image, packed, wanted)
            file.seek(0)
            _spread(file, kind, image, target)
    except NotPlainError as error:
        raise MistakeError(f"{image}: {error}; name an image") from error
    except FileNotFoundError as error:
        raise MistakeError(f"{image} is not there; name an image") from error
    if wanted not in {packed, sha256_of(target) if packed != wanted else ""}:
        raise _other(image, packed, wanted)


def _spread(file: BinaryIO, kind: str, image: Path, target: Path) -> None:
    stream, buffer, size = unpacked(kind, file, str(image)), bytearray(STEP), 0
    zeros, view = bytes(HOLE), memoryview(buffer)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as out:
        while filled := _fill(stream.readinto, view):
            for start in range(0, filled, HOLE):
                piece = view[start : min(start + HOLE, filled)]
                if piece != zeros[: len(piece)]:
                    os.pwrite(out.fileno(), piece, size + start)
            size += filled
            if size > LARGEST_BYTES:
                raise MistakeError(f"{image} unpacks to more than {LARGEST_BYTES >> 30} GiB; that is no image")
        out.truncate(size)


def _fill(readinto: Callable[[memoryview], int | None], view: memoryview) -> int:
    """Fill a buffer; how much of it, less than all at the end only."""
    filled = 0
    while filled < len(view) and (got := readinto(view[filled:])):
        filled += got
    return filled


def _other(image: Path, packed: str, wanted: str) -> MistakeError:
    return MistakeError(f"{image} has another SHA-256 ({packed}) than it should ({wanted}); fetch it anew")


def _listed(file: Path, name: str) -> str:
    """From a line `HEX  NAME`; a file of one line may lack the name."""
    try:
        told = read_plain(file, MOST_LIST_BYTES).decode(errors="replace")
    except (OSError, NotPlainError) as error:
        raise MistakeError(f"{file} cannot be read: {error}; name the list of sums of the download page") from error
    lines = [line.split() for line in told.splitlines() if line.strip()]
    named = [line[0].lower() for line in lines if len(line) == 2 and line[1].lstrip("*").rpartition("/")[2] == name]
    if not named and len(lines) == 1 and len(lines[0]) == 1:
        named = [lines[0][0].lower()]
    if not named:
        raise MistakeError(f"{file} does not name {name}; give its SHA-256 with --sha256")
    return named[0]
