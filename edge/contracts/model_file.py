"""The bytes of a model file, with a limit on their number and their hash checked before anyone looks inside."""

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError

MIB = 1 << 20
LIMIT_BYTES = 256 * MIB


def read_model_file(path: Path, limit_bytes: int) -> bytes:
    """The whole file.

    Raises:
        ModelError: it is absent, no regular file, not readable, empty or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path} is no regular file; name the .tflite file itself")
        if status.st_size > limit_bytes:
            raise ModelError(
                f"{path} has {status.st_size / MIB:.1f} MiB, more than the limit of {limit_bytes / MIB:.0f} MiB; "
                "use a smaller model or raise the limit"
            )
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except FileNotFoundError as error:
        raise ModelError(f"there is no model file {path}; {_near_names(path)}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"the model file {path} cannot be read ({error}); correct its path or permissions") from error
    if not 0 < len(data) <= limit_bytes:
        raise ModelError(f"{path} is empty or grew while it was read; copy it again from its source")
    return data


def check_sha256(path: Path, data: bytes, expected: str) -> str:
    """The file's SHA-256 in hexadecimal; `expected` is compared unless it is empty.

    Raises:
        ModelError: the file is not the one that was expected.
    """
    actual = hashlib.sha256(data).hexdigest()
    if expected and actual != expected.strip().lower():
        raise ModelError(
            f"{path} has the SHA-256 {actual[:16]}… where {expected[:16]}… was expected; "
            "it is damaged or another file: fetch it again, or correct the expected hash"
        )
    return actual


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before whatever is wrong with it."""
    try:
        yield
    except MalformedError as error:
        raise ModelError(f"{path} is damaged or no TFLite model: {error}; fetch it again from its source") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _near_names(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.glob("*.tflite"))
    except OSError:
        names = []
    near = get_close_matches(path.name, names, n=3, cutoff=0.5) or names[:3]
    if not near:
        return f"no .tflite file is in {path.parent} either: correct the path"
    return f"did you mean {' or '.join(near)}?"
