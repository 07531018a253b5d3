"""The released files themselves: staged by their SHA-256, served under it and their name."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from tuf.api.metadata import TargetFile, Targets

from edge.contracts.files import NotPlainError, open_plain, sha256_of
from edge.contracts.release import NAME
from edge.contracts.stored import PUBLIC, sync
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release.repository import Repository

BLOCK_BYTES = 1 << 20
MOST_BYTES = 2 << 30  # what devices take unless told otherwise


def stage_file(repository: Repository, file: Path, name: str) -> TargetFile:
    """Copy a file to what waits for signatures.

    Args:
        repository: of the repository.
        file: to be released.
        name: under which devices will know it, `models/street.tflite`.

    Returns:
        Its length and hash, under that name.

    Raises:
        MistakeError: it cannot be read, is empty or too large, or the name will not do.
        FirmwareError: it cannot be written.
    """
    if not NAME.fullmatch(name):
        raise MistakeError(f"{name!r} is no name of a release; use letters, digits, . _ - and / between")
    try:
        repository.files.mkdir(parents=True, exist_ok=True)
        with open_plain(file) as source:
            length, sha256 = _copied(source, repository.files)
    except (NotPlainError, FileNotFoundError) as error:
        raise MistakeError(f"{file} is no file, or not there; name the file to be released") from error
    except OSError as error:
        raise FirmwareError(f"{file} cannot be copied to {repository.files}: {error.strerror}; make room") from error
    return TargetFile(length, {"sha256": sha256}, name)


def publish_files(repository: Repository, targets: Targets) -> None:
    """Have every file that the list names where it is served; those that wait and are named no more go.

    Raises:
        FirmwareError: one is missing, or cannot be written.
    """
    try:
        for target in targets.targets.values():
            served, waiting = repository.targets / served_name(target), repository.files / target.hashes["sha256"]
            if served.exists():
                continue
            served.parent.mkdir(parents=True, exist_ok=True)
            part = served.with_name(f".{served.name}.part")
            shutil.copyfile(waiting, part)
            _check_unchanged(part, target)
            part.chmod(PUBLIC)
            sync(part)
            part.replace(served)
            sync(served.parent)
        for waiting in repository.files.glob("*"):
            waiting.unlink()
    except OSError as error:
        raise FirmwareError(f"{error.filename} cannot be served: {error.strerror}; add the file again") from error


def served_name(target: TargetFile) -> str:
    """The path of a file below `targets`: its hash before its name, so that releases never mix."""
    folder, slash, name = target.path.rpartition("/")
    return f"{folder}{slash}{target.hashes['sha256']}.{name}"


def _check_unchanged(part: Path, target: TargetFile) -> None:
    if sha256_of(part) == target.hashes["sha256"]:
        return
    part.unlink()
    raise FirmwareError(f"{target.path} has changed on this disk since it was added; add it again")


def _copied(source: BinaryIO, folder: Path) -> tuple[int, str]:
    """Length and SHA-256 of what was copied to a file of that name."""
    digest, length = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as copy:
        try:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                length += copy.write(block)
                _check_length(length, source)
            _check_length(length, source, least=1)
            copy.flush()
            os.fsync(copy.fileno())
            Path(copy.name).replace(folder / digest.hexdigest())
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    sync(folder)
    return length, digest.hexdigest()


def _check_length(length: int, source: BinaryIO, least: int = 0) -> None:
    if not least <= length <= MOST_BYTES:
        raise MistakeError(f"{source.name} is empty, or has more than {MOST_BYTES} bytes, which no device takes")
