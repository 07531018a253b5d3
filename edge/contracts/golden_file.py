"""Reads the golden sample out of a model file; `golden` says what it is.

Light on purpose: the trial of a new model imports this in a process of its own.
"""

import hashlib
from pathlib import Path

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import FILE_NAME, MAX_BYTES, Golden, parse_golden
from edge.contracts.model_file import LIMIT_BYTES, naming, read_model_file
from edge.contracts.packed import PackedFiles


def read_golden(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> Golden | None:
    """The `golden.json` of a model file, None where it brings none.

    Raises:
        ModelError: the file is absent or damaged, or what it brings cannot be read, or is of another network.
    """
    return golden_of(path, read_model_file(path, limit_bytes))


def golden_of(path: Path, data: bytes) -> Golden | None:
    """The same of a file that was read. Raises ModelError."""
    with naming(path):
        packed = PackedFiles.find(data)
        if FILE_NAME not in packed.names:
            return None
        golden = parse_golden(packed.read(FILE_NAME, MAX_BYTES))
        if hashlib.sha256(data[: packed.start]).hexdigest() != golden.model_sha256:
            raise MalformedError("what answered to its golden input was another network, or it was damaged since")
        return golden
