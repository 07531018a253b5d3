"""How long a packed image will be, where its file says so beforehand; None where it does not.

What is said here only serves to refuse a card that is too small before it is wiped, and to foretell the end. It is
never trusted: what is written is bounded by the card.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_FOOTER_BYTES = 12
_LARGEST_INDEX_BYTES = 16 << 20


def xz_length(file: BinaryIO) -> int | None:
    """From the index at the end of the file (https://tukaani.org/xz/xz-file-format.txt); of one stream only."""
    end = file.seek(0, os.SEEK_END)
    if end % 4 or end < 2 * _FOOTER_BYTES:
        return None
    file.seek(end - _FOOTER_BYTES)
    footer = file.read(_FOOTER_BYTES)
    index_bytes = (int.from_bytes(footer[4:8], "little") + 1) * 4
    if footer[10:] != b"YZ" or index_bytes > min(end - 2 * _FOOTER_BYTES, _LARGEST_INDEX_BYTES):
        return None
    file.seek(end - _FOOTER_BYTES - index_bytes)
    packed, plain = _index(file.read(index_bytes))
    return plain if packed + index_bytes + 2 * _FOOTER_BYTES == end else None  # otherwise another stream is before


def zst_length(file: BinaryIO) -> int | None:
    """From the header of the first frame; of one frame only, which is what `zstd` writes."""
    from backports import zstd  # noqa: PLC0415 - of the extra `firmware`

    file.seek(0)
    try:
        return zstd.get_frame_info(file.read(32)).decompressed_size
    except zstd.ZstdError:
        return None


def _index(raw: bytes) -> tuple[int, int]:
    """Bytes that the blocks take packed, with their padding, and plain; (-1, 0) for what is no index."""
    numbers = _numbers(raw[1:])
    if not numbers or raw[0] != 0:
        return -1, 0
    count = numbers[0]
    records = numbers[1 : 1 + 2 * count]
    if len(records) != 2 * count:
        return -1, 0
    return sum((size + 3) // 4 * 4 for size in records[::2]), sum(records[1::2])


def _numbers(raw: bytes) -> list[int]:
    """Numbers of seven bits a byte, the lowest first."""
    found, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value = shift = 0
        elif shift > 63:
            return found
    return found


LENGTHS: dict[str, Callable[[BinaryIO], int | None]] = {"xz": xz_length, "zst": zst_length, "gz": lambda _file: None}


def plain_length(kind: str, path: Path) -> int | None:
    """How many bytes the file unpacks to. Raises OSError."""
    with path.open("rb") as file:
        return LENGTHS[kind](file) if kind else file.seek(0, os.SEEK_END)
