"""From the form of an older outbox file to the present one: a copy first, then all steps in one transaction.

Killed or without power at any moment, the file is of the old form or of the new one, never between. Events that are
stored in it go out after the upgrade as they would have before.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
from errno import ENOSPC
from pathlib import Path

from edge.contracts.database import Steps

STEPS: Steps = ()
BACKUP = ".before-v"
_log = logging.getLogger(__name__)


def keep_copy(database: sqlite3.Connection, path: Path, steps: Steps) -> None:
    """Copy an open, sound database of an older form before it takes the steps to the present one.

    Args:
        database: in autocommit mode, not in a transaction.
        path: of its file; the copy `<name>.before-v<form>` is kept beside it, and replaces older copies.
        steps: see `Steps`.

    Raises:
        OSError: there is no room for the copy; nothing was changed.
        sqlite3.Error: the disk is full or failing.
    """
    form = 1 + len(steps)
    copy = path.with_name(f"{path.name}{BACKUP}{form}")
    _copy(database, path, copy)
    _log.warning("%s is of an older form and is brought to form %d; as it was it is kept as %s", path, form, copy.name)


def _copy(database: sqlite3.Connection, path: Path, copy: Path) -> None:
    part = copy.with_name(copy.name + ".part")
    for old in path.parent.glob(f"{path.name}{BACKUP}*"):
        if old != copy:
            old.unlink()  # one copy is enough: the disk is small
    _need_room(database, path, part)
    try:
        with contextlib.closing(sqlite3.connect(part)) as target:
            database.backup(target)
        os.chmod(part, path.stat().st_mode & 0o777)  # noqa: PTH101 - the mode as one number
        _sync(part)
        part.replace(copy)
        _sync(copy.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _need_room(database: sqlite3.Connection, path: Path, part: Path) -> None:
    """The copy, and as much again for the log of the upgrade. A copy that was begun and not finished goes first."""
    part.unlink(missing_ok=True)
    pages = int(database.execute("PRAGMA page_count").fetchone()[0])
    needed = 2 * pages * int(database.execute("PRAGMA page_size").fetchone()[0])
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise OSError(
            ENOSPC,
            f"no room to upgrade {path}: {needed} bytes are needed for a copy and for the upgrade, {free} are free; "
            "free some space, or move the file away to begin a new outbox without its events",
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
