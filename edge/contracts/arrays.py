"""Arrays by name as bytes and back, bit for bit: what is learnt or trained, between two runs.

The form is NumPy's `.npz`, a ZIP of `.npy`. Bytes that a bad disk has changed, or that somebody else made, are told by
one error: check sums are compared, nothing is unpickled, and no more is unpacked than was agreed.
"""

import ast
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.contracts.errors import EdgeError

LARGEST_BYTES = 1 << 28  # of all arrays together, unless said otherwise
MAX_ARRAYS = 1 << 14
_KINDS = "biufcSU"  # of dtypes: numbers and texts
_PREFIX = struct.Struct("<6s2BH")  # of an .npy: magic, version, length of the header
_ENDING = ".npy"
_END, _END_MAGIC = struct.Struct("<4s4H2IH"), b"PK\x05\x06"  # the ZIP's end record


class ArraysError(EdgeError):
    """Bytes that are no arrays, or no longer those that were packed."""


def pack(arrays: Mapping[str, ArrayLike], *, deflate: bool = True) -> bytes:
    """The arrays as bytes, smaller and slower with `deflate`. They hold numbers or texts, no objects."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(name + _ENDING)  # without the time of day: the same arrays are the same bytes
            info.compress_type = archive.compression
            archive.writestr(info, member.getbuffer())
    return file.getvalue()


def unpack(data: bytes, limit_bytes: int = LARGEST_BYTES) -> dict[str, NDArray[Any]]:
    """What was packed; every array is writable and its own.

    Raises:
        ArraysError: the bytes are damaged, cut off, followed by others, of another make, or hold more than the limit.
    """
    if not _whole(data):
        raise ArraysError(f"{len(data)} bytes that are no arrays, or not all of them")
    with _translated(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > MAX_ARRAYS or sum(member.file_size for member in members) > limit_bytes:
            raise ArraysError(f"{len(members)} arrays of more than {limit_bytes} bytes, or too many of them")
        return {member.filename.removesuffix(_ENDING): _array(_content(archive, member)) for member in members}


def _whole(data: bytes) -> bool:
    """Whether an archive begins where the bytes begin and ends where they end; `zipfile` looks for one within."""
    if len(data) < _END.size:
        return False
    magic, *_, directory_bytes, directory_at, comment_bytes = _END.unpack_from(data, len(data) - _END.size)
    return bool(magic == _END_MAGIC and directory_at + directory_bytes + _END.size == len(data) and comment_bytes == 0)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)  # reading beyond the end compares the check sum
    if len(content) != member.file_size:
        raise ArraysError(f"{member.filename} has {len(content)} bytes, and not {member.file_size}")
    return content


def _array(content: bytes) -> NDArray[Any]:
    """One `.npy`, read without NumPy's own reader: that one makes room for whatever a header claims."""
    magic, major, _, length = _PREFIX.unpack_from(content)
    if magic != b"\x93NUMPY" or major != 1:
        raise ArraysError("a member that is no array of the form 1")
    body = _PREFIX.size + length
    header = ast.literal_eval(content[_PREFIX.size : body].decode("latin1").strip())
    dtype, shape = np.dtype(str(header["descr"])), tuple(int(size) for size in header["shape"])
    if dtype.kind not in _KINDS or any(size < 0 for size in shape):
        raise ArraysError(f"an array of {dtype}, shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(content) - body:
        raise ArraysError(f"an array of shape {shape} and {len(content) - body} bytes")
    flat = np.frombuffer(content, dtype, math.prod(shape), body if len(content) > body else 0)
    return flat.reshape(shape, order="F" if header["fortran_order"] else "C").copy(order="K")


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever the readers of ZIP and of Python values raise on bytes that are not as they were becomes ArraysError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, LookupError) as error:
        raise ArraysError(f"damaged arrays: {error}") from error
    except (SyntaxError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
        raise ArraysError(f"arrays of another make: {error}") from error
