"""A sample as bytes and back, with a check sum: a bad disk must not teach."""

import zlib

import numpy as np

from edge.contracts.types import F32
from edge.learning.sample import Sample, Shapes

CRC_BYTES = 4


def body_bytes(shapes: Shapes) -> int:
    """Of one packed sample."""
    return CRC_BYTES + 4 * sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes.values())


def packed(sample: Sample, shapes: Shapes) -> bytes:
    """Its arrays, one after another, in the order of the shapes."""
    data = b"".join(np.ascontiguousarray(sample.arrays[name], "<f4").tobytes() for name in shapes)
    return zlib.crc32(data).to_bytes(CRC_BYTES, "little") + data


def unpacked(data: bytes, shapes: Shapes) -> dict[str, F32] | None:
    """Its arrays, None where the bytes are damaged or of other shapes."""
    if len(data) != body_bytes(shapes) or zlib.crc32(data[CRC_BYTES:]) != int.from_bytes(data[:CRC_BYTES], "little"):
        return None
    numbers = np.frombuffer(data, "<f4", offset=CRC_BYTES).astype(np.float32)
    found, begin = dict[str, F32](), 0
    for name, shape in shapes.items():
        count = int(np.prod(shape, dtype=np.int64))
        found[name] = numbers[begin : begin + count].reshape(shape)
        begin += count
    return found if np.isfinite(numbers).all() else None
