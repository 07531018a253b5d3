"""Looks and readings on their way to the learner's process: packed numbers, one message each.

Numbers are those of this machine: both sides are one program. Letters: T tracks, H boxes of history, C channels.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F64, Tracks

LOOK, READING, COMMAND = b"L", b"R", b"{"
MOST_TRACKS = 48  # of a look; the others are left out
MOST_BYTES = 96 << 10  # of its tracks: a message must fit into the way
LARGEST = 128 << 10  # bytes of any message
_LOOK = struct.Struct("=cxHHHdqd")
_READING = struct.Struct("=cxHq")


@dataclass(frozen=True, eq=False, slots=True)
class SeenTracks:
    """What a camera's chain knew after a look."""

    subject: int
    t_s: float  # monotonic
    utc_ns: int
    aspect: float  # width / height of the frame
    tracks: Tracks  # without the columns that nobody learns from: they are zero


@dataclass(frozen=True, eq=False, slots=True)
class SeenReading:
    """A sample of a sensor's grid."""

    subject: int
    utc_ns: int
    values: F64  # (C,) NaN where nothing was read


def pack_look(subject: int, t_s: float, utc_ns: int, aspect: float, tracks: Tracks) -> bytes:
    """A look as a message."""
    row_bytes = 56 + 20 * tracks.history.shape[1]
    n = min(len(tracks), MOST_TRACKS, MOST_BYTES // row_bytes)
    columns = (tracks.id, tracks.label, tracks.box, tracks.velocity, tracks.lost_s)
    past = (tracks.history, tracks.history_age_s)
    head = _LOOK.pack(LOOK, subject, n, tracks.history.shape[1], t_s, utc_ns, aspect)
    return b"".join([head, *[column[:n].tobytes() for column in (*columns, *past)]])


def unpack_look(data: bytes) -> SeenTracks:
    """What `pack_look` gave."""
    _, subject, t, h, t_s, utc_ns, aspect = _LOOK.unpack_from(data)
    at = _LOOK.size

    def column(dtype: type, *shape: int) -> Any:
        nonlocal at
        found: NDArray[Any] = np.frombuffer(data, dtype, int(np.prod(shape)), at).reshape(shape)
        at += found.nbytes
        return found

    ids, label = column(np.int64, t), column(np.int64, t)
    box, velocity, lost_s = column(np.float32, t, 4), column(np.float32, t, 4), column(np.float32, t)
    history, age_s = column(np.float32, t, h, 4), column(np.float32, t, h)
    none = np.zeros(t, np.float32)
    tracks = Tracks(ids, box, velocity, none, label, none, lost_s, none, none, history, age_s)
    return SeenTracks(subject, t_s, utc_ns, aspect, tracks)


def pack_reading(subject: int, utc_ns: int, values: F64) -> bytes:
    """A reading as a message."""
    return _READING.pack(READING, subject, utc_ns) + values.tobytes()


def unpack_reading(data: bytes) -> SeenReading:
    """What `pack_reading` gave."""
    _, subject, utc_ns = _READING.unpack_from(data)
    return SeenReading(subject, utc_ns, np.frombuffer(data, np.float64, offset=_READING.size))
