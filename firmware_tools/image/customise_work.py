"""A place to work beside the file that is being made: private, gone afterwards, and its left-overs swept after a kill.

What is made appears under its name in one step, when it is whole and on disk.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.contracts.locking import HeldError, locked
from edge.contracts.stored import sync
from firmware_tools.errors import FirmwareError, MistakeError

LOCK_S = 0.0
UNFIT = ("?", "@@", '"', "\n")


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """A private folder beside a file, for one process at a time.

    Raises:
        MistakeError: the file is there, another process makes it, or its folder is not there.
        FirmwareError: the disk is full, or fails.
    """
    if not out.parent.is_dir():
        raise MistakeError(f"there is no folder {out.parent}; make it, or name another file")
    refuse_present(out)
    if unfit := [part for part in UNFIT if part in str(out.absolute())]:
        raise MistakeError(
            f"{out} has {unfit[0]} in its path, which mtools and e2fsprogs take for an option; name another"
        )
    folder = out.parent / f".{out.name}.making"
    try:
        with locked(out.parent / f".{out.name}.lock", LOCK_S):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except HeldError as error:
        raise MistakeError(f"{out} is being made by another command; wait for it") from error
    except OSError as error:
        remedy = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "look at the disk"
        where = error.filename or out.parent
        raise FirmwareError(f"{out} was not made: {error.strerror} ({where}); {remedy} and try again") from error


def publish(made: Sequence[tuple[Path, Path]]) -> None:
    """Put files that are whole under their names; the last one tells that all are there.

    Args:
        made: each where it was made, and its name.

    Raises:
        MistakeError: one is there by now.
        OSError: the disk fails.
    """
    for path, _ in made:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for path, name in made[:-1]:
        path.replace(name)
    path, name = made[-1]
    try:
        os.link(path, name)  # never in the place of another
    except FileExistsError as error:
        raise MistakeError(f"{name} was made meanwhile; remove it, or name another file") from error
    path.unlink()
    sync(name.parent)


def refuse_present(out: Path) -> None:
    """Raises MistakeError: the file is there."""
    if out.exists() or out.is_symlink():
        raise MistakeError(f"{out} is there already; remove it, or name another file")
