"""Writes flatbuffer tables by the number of their fields: the counterpart of `edge.contracts.flatbuffer`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flatbuffers
import numpy as np


@dataclass(frozen=True, slots=True)
class Byte:
    """A field of one byte: enumerations, kinds of a union."""

    value: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A field of four bytes."""

    value: int


Field = int | Byte | Whole  # an int is where something written before stands: a table, vector or text


def table(out: flatbuffers.Builder, fields: Mapping[int, Field]) -> int:
    """Write a table with these fields; where it stands."""
    out.StartObject(max(fields, default=-1) + 1)
    for number, value in fields.items():
        match value:
            case Byte(byte):
                out.PrependInt8Slot(number, byte, 0)
            case Whole(whole):
                out.PrependInt32Slot(number, whole, 0)
            case offset:
                out.PrependUOffsetTRelativeSlot(number, offset, 0)
    return int(out.EndObject())


def vector(out: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    """Write a vector of what stands there."""
    out.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        out.PrependUOffsetTRelative(offset)
    return int(out.EndVector())


def texts(out: flatbuffers.Builder, values: Sequence[str]) -> int:
    """Write a vector of texts."""
    return vector(out, [out.CreateString(value) for value in values])


def floats(out: flatbuffers.Builder, values: Sequence[float]) -> int:
    """Write a vector of float32."""
    return int(out.CreateNumpyVector(np.array(values, np.float32)))


def wholes(out: flatbuffers.Builder, values: Sequence[int]) -> int:
    """Write a vector of uint32."""
    return int(out.CreateNumpyVector(np.array(values, np.uint32)))
