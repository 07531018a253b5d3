"""Width and height of a picture from the first bytes of its file, as it is shown: turned where its EXIF says so.

Reading a header takes microseconds where decoding takes milliseconds, so a large data set opens in seconds.
"""

import struct
from collections.abc import Callable
from pathlib import Path

from trainer.errors import TrainError

HEAD_BYTES = 1 << 20  # EXIF and colour profiles come first, and may be long
MOST_PIXELS = 1 << 28
MOST_BYTES = 1 << 28
Size = tuple[int, int]
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that exchange width and height
_ORIENTATION = 0x0112


def picture_size(path: Path) -> Size:
    """Width and height in pixels.

    Raises:
        TrainError: it is no picture that can be read, or out of all proportion; says why, without the path.
    """
    try:
        bytes_ = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise TrainError(f"it cannot be read: {error.strerror}") from error
    if bytes_ > MOST_BYTES:
        raise TrainError(f"it has {bytes_ >> 20} MiB, more than {MOST_BYTES >> 20}")
    width, height = _size(path, head)
    if min(width, height) < 1 or width * height > MOST_PIXELS:
        raise TrainError(f"its header says {width} x {height} pixels")
    return width, height


def _size(path: Path, head: bytes) -> Size:
    reader = next((read for magic, read in _READERS.items() if head.startswith(magic)), None)
    if not head:
        raise TrainError("it is empty")
    try:
        return reader(head) if reader else _decoded(path)
    except (struct.error, IndexError, ValueError) as error:
        raise TrainError("its header is cut off or damaged") from error


def _jpeg(head: bytes) -> Size:
    at, orientation = 2, 1
    while True:
        while head[at] == 0xFF and head[at + 1] == 0xFF:  # padding
            at += 1
        marker, length = head[at + 1], struct.unpack_from(">H", head, at + 2)[0]
        if head[at] != 0xFF or length < 2:
            raise ValueError("no marker")
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return (height, width) if orientation in _TURNED else (width, height)
        if marker == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _orientation(head[at + 10 : at + 2 + length])
        at += 2 + length


def _orientation(exif: bytes) -> int:
    """Which way up, 1..8; 1 where it is not said."""
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        start = struct.unpack_from(order + "I", exif, 4)[0]
        for row in range(struct.unpack_from(order + "H", exif, start)[0]):
            tag, _, _, value = struct.unpack_from(order + "HHIH", exif, start + 2 + 12 * row)
            if tag == _ORIENTATION:
                return int(value)
    except (struct.error, KeyError):
        return 1  # a damaged EXIF block turns nothing, for those who show the picture either
    return 1


def _png(head: bytes) -> Size:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _bmp(head: bytes) -> Size:
    width, height = struct.unpack_from("<ii", head, 18)
    return width, abs(height)


def _webp(head: bytes) -> Size:
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _decoded(path: Path) -> Size:
    """Of a rarer format: by reading the whole picture."""
    import cv2  # noqa: PLC0415 - the common formats need none

    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise TrainError("it is no picture, or of no format that can be read here")
    return pixels.shape[1], pixels.shape[0]


_READERS: dict[bytes, Callable[[bytes], Size]] = {
    b"\xff\xd8": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"BM": _bmp,
    b"RIFF": _webp,
}
