"""What an anomaly score has learnt, as bytes: exactly, and checked when it is read.

Layout, little-endian: magic, form, CRC-32 of all that follows it, number of channels, digest of the settings, then
float64 arrays one after the other, deflated. Their shapes are not stored: they follow from the settings and channels.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from edge.contracts.errors import EdgeError
from edge.contracts.types import F64

MAGIC, FORM, MAX_CHANNELS = b"FSAN", 2, 1024
_START, _REST = struct.Struct("<4sII"), struct.Struct("<I16s")
_HEADER_BYTES = _START.size + _REST.size
_ANEW = "start the score anew"


class AnomalyStateError(EdgeError):
    """Bytes that are no state of an anomaly score with these settings."""


def pack(arrays: Sequence[F64], channels: int, digest: bytes) -> bytes:
    """The arrays as bytes; `digest` are 16 bytes that say what settings they belong to."""
    body = b"".join(array.astype("<f8", copy=False).tobytes() for array in arrays)
    rest = _REST.pack(channels, digest) + zlib.compress(body, 1)
    return _START.pack(MAGIC, FORM, zlib.crc32(rest)) + rest


def channels(data: bytes, digest: bytes) -> int:
    """The number of channels of a state, once its header and check sum are right.

    Raises:
        AnomalyStateError: damaged, of another form, or of other settings.
    """
    if len(data) < _HEADER_BYTES or data[: len(MAGIC)] != MAGIC:
        raise AnomalyStateError(f"{len(data)} bytes that are no anomaly state; {_ANEW}")
    _, form, crc = _START.unpack_from(data)
    if form != FORM:
        raise AnomalyStateError(f"anomaly state of form {form}, known here: {FORM}; {_ANEW}")
    if crc != zlib.crc32(memoryview(data)[_START.size :]):
        raise AnomalyStateError(f"anomaly state is damaged, its check sum differs; {_ANEW}")
    count, theirs = _REST.unpack_from(data, _START.size)
    if theirs != digest or count > MAX_CHANNELS:
        raise AnomalyStateError(f"anomaly state of other settings; {_ANEW}")
    return count


def unpack(data: bytes, into: Sequence[F64]) -> None:
    """Fill the arrays with what `pack` made of their like, after `channels` accepted the data.

    Raises:
        AnomalyStateError: of another size; the arrays are as they were.
    """
    size = sum(array.nbytes for array in into)
    try:
        body = zlib.decompressobj().decompress(data[_HEADER_BYTES:], size + 1)
    except zlib.error as error:
        raise AnomalyStateError(f"anomaly state cannot be read ({error}); {_ANEW}") from error
    if len(body) != size:
        raise AnomalyStateError(f"anomaly state of {len(body)} bytes, {size} expected; {_ANEW}")
    at = 0
    for array in into:
        array[...] = np.frombuffer(body, "<f8", array.size, at).reshape(array.shape)
        at += array.nbytes
