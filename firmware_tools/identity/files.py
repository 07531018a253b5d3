"""Folders and files that are their owner's alone, whatever the umask is."""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.stored import replace_file, sync
from firmware_tools.errors import FirmwareError, MistakeError

FOLDER = 0o700
OTHERS = 0o077
LIMIT_BYTES = 16 << 20


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are not there; one that is there must be private already.

    Raises:
        MistakeError: others may look into it.
        FirmwareError: it cannot be made.
    """
    try:
        if not path.is_dir():
            above = [path, *path.parents]
            for folder in reversed([each for each in above if not each.exists()]):
                folder.mkdir(FOLDER)
                folder.chmod(FOLDER)
                sync(folder.parent)
    except OSError as error:
        raise FirmwareError(f"the folder {path} cannot be made: {error.strerror}") from error
    refuse_open(path)
    return path


def refuse_open(path: Path) -> None:
    """Refuse what others than its owner may read or write.

    Raises:
        MistakeError: they may, or it is not there.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise MistakeError(f"{path} cannot be read: {error.strerror}") from error
    if mode & OTHERS:
        raise MistakeError(f"{path} holds secrets and is open to others (mode {mode:04o}); chmod go= {path}")


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """A new private folder with these files, names relative to it; all on disk when this returns.

    Raises:
        FirmwareError: it cannot be written; nothing of it is left.
    """
    private_folder(path.parent)
    try:
        path.mkdir(FOLDER)
        path.chmod(FOLDER)
        for name, data in files.items():
            private_folder((path / name).parent)
            replace_file(path / name, data)
        sync(path.parent)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise FirmwareError(f"{path} cannot be written: {error.strerror}") from error


def write(path: Path, data: bytes) -> None:
    """Replace one private file as a whole.

    Raises:
        FirmwareError: it is as it was.
    """
    try:
        replace_file(path, data)
    except OSError as error:
        raise FirmwareError(f"{path} cannot be written: {error.strerror}") from error


def read(path: Path, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """A file's bytes.

    Raises:
        MistakeError: it is not there, no file, or too large.
    """
    try:
        with open_plain(path) as file:
            data = file.read(limit_bytes + 1)
    except NotPlainError as error:
        raise MistakeError(f"{path}: {error}; name a file") from error
    except OSError as error:
        raise MistakeError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > limit_bytes:
        raise MistakeError(f"{path} has more than {limit_bytes} bytes; is it the right file?")
    return data


def read_private(path: Path) -> bytes:
    """The same of a file that holds a secret: refused where others may read it. Raises MistakeError."""
    refuse_open(path)
    return read(path)


def contents(folder: Path, remedy: str) -> dict[str, bytes]:
    """The files of a folder and of those in it, by their names relative to it.

    Raises:
        MistakeError: it is gone, and the remedy is to be tried; or a file cannot be read.
    """
    if not folder.is_dir():
        raise MistakeError(f"{folder} is not there any more; bring it back from a copy, or {remedy}")
    paths = sorted(Path(above) / name for above, _, names in os.walk(folder) for name in names)
    return {str(path.relative_to(folder)): read(path) for path in paths}


def remove_folder(path: Path) -> None:
    """Delete a folder; one that stays is met again the next time."""
    shutil.rmtree(path, ignore_errors=True)
