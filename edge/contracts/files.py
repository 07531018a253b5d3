"""Files that must be plain ones: a pipe in their place is never waited for, a directory never taken for a damaged disk.

What is wrong with a file itself is `NotPlainError`; any other OSError is of the machine and may be over a moment later,
so nothing is to be moved or begun anew because of it.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from errno import ELOOP, ENXIO
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = re.compile(r"\.(?P<name>.+)\.[a-z0-9_]{8}")  # as `tempfile` names them for `replace_file`


class NotPlainError(ValueError):
    """In the place of a file there is something else: a directory, a pipe, a socket, a device, a link to itself."""


def open_plain(path: Path) -> BinaryIO:
    """A regular file, opened to be read.

    Raises:
        NotPlainError: it is none.
        FileNotFoundError: there is none.
        OSError: it cannot be opened now.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (ELOOP, ENXIO):
            raise NotPlainError("it is no file") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotPlainError("it is no file")
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The whole of a regular file.

    Raises:
        NotPlainError: it is none, or has more bytes.
        FileNotFoundError: there is none.
        OSError: it cannot be read now.
    """
    with open_plain(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise NotPlainError(f"it has more than {most_bytes} bytes")
    return data


def sha256_of(file: Path | BinaryIO) -> str:
    """Of a file in hexadecimal, from where it is read on if it is open. Raises NotPlainError, OSError."""
    if isinstance(file, Path):
        with open_plain(file) as opened:
            return sha256_of(opened)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # reads into any buffer


def move_aside(path: Path, aside: Path) -> None:
    """Rename whatever it is, in the place of what lies there. Raises OSError."""
    if _is_folder(aside):
        shutil.rmtree(aside)
    elif _is_folder(path):
        aside.unlink(missing_ok=True)
    path.replace(aside)


def unfinished(folder: Path, ours: Callable[[str], object]) -> Iterator[Path]:
    """What `replace_file` was writing when it was killed, of the files whose names are ours. Raises OSError."""
    for path in folder.glob(".*"):
        found = _UNFINISHED.fullmatch(path.name)
        if found and ours(found["name"]) and stat.S_ISREG(path.lstat().st_mode):
            yield path


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
