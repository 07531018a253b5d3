"""Whether a file can be a RAUC bundle at all: a squashfs, its signature behind it, and the signature's length.

RAUC judges the rest. This is asked first, so that what is none is refused with a reason, also where RAUC is not there.
"""

import os
import struct
from pathlib import Path

from edge.contracts.files import open_plain
from edge.contracts.flatbuffer import MalformedError

SQUASHFS = b"hsqs"
HEAD_BYTES = 96  # of a squashfs
MOST_SIGNATURE_BYTES = 1 << 16
SEQUENCE = 0x30  # how a CMS signature begins
_LENGTH = struct.Struct(">Q")
_USED_AT, _USED = 40, struct.Struct("<Q")  # bytes that the squashfs says it takes


def check_raucb(path: Path) -> None:
    """Nothing, where it can be one.

    Raises:
        MalformedError: it cannot.
        OSError: it cannot be read.
    """
    with open_plain(path) as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, os.SEEK_END)
        if len(head) < HEAD_BYTES or not head.startswith(SQUASHFS):
            raise MalformedError("it is no RAUC bundle: it does not begin as a squashfs does")
        file.seek(size - _LENGTH.size)
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        (used,) = _USED.unpack_from(head, _USED_AT)
        payload = size - _LENGTH.size - length
        if not 0 < length <= MOST_SIGNATURE_BYTES or not HEAD_BYTES <= used <= payload:
            raise MalformedError("it is no RAUC bundle, or cut off: no signature is where it must be")
        file.seek(payload)
        if file.read(1) != bytes([SEQUENCE]):
            raise MalformedError("it is no RAUC bundle: what stands in place of its signature is none")
