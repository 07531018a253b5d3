"""From the form of an older outbox file to the present one: a copy first, then all steps in one transaction.

Killed or without power at any moment, the file is of the old form or of the new one, never between. Events that are
stored in it go out after the upgrade as they would have before.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Sequence
from errno import ENOSPC
from pathlib import Path

from edge.contracts.errors import ConfigError

Steps = Sequence[Sequence[str]]  # of form 1 into 2, of 2 into 3, ...; each a list of SQL statements
STEPS: Steps = ()
BACKUP = ".before-v"
_log = logging.getLogger(__name__)


def form_of(steps: Steps) -> int:
    """The form after all steps."""
    return 1 + len(steps)


def refuse_newer(path: Path, version: int, steps: Steps = STEPS) -> None:
    """Leave alone what a newer program wrote.

    Raises:
        ConfigError: it is of a form that is not known here.
    """
    if version > form_of(steps):
        raise ConfigError(
            f"{path}: written by a newer version of this program (schema {version}, this one knows {form_of(steps)}); "
            "install that version again, or move the file away to begin a new outbox"
        )


def upgrade(database: sqlite3.Connection, path: Path, version: int, steps: Steps = STEPS) -> None:
    """Bring an open, sound database of form `version` (1 or more) to the present form.

    Args:
        database: in autocommit mode, not in a transaction.
        path: of its file; the copy `<name>.before-v<form>` is kept beside it, and replaces older copies.
        version: the form that it has.
        steps: see `Steps`.

    Raises:
        OSError: there is no room for the copy; nothing was changed.
        sqlite3.Error: the disk is full or failing; the file has its old form.
    """
    if version >= form_of(steps):
        return
    copy = path.with_name(f"{path.name}{BACKUP}{form_of(steps)}")
    _copy(database, path, copy)
    database.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version - 1 :]:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version={form_of(steps)}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    _log.warning("%s was of form %d and has form %d now; the old one is kept as %s",
                 path, version, form_of(steps), copy.name)  # fmt: skip


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
