"""A SQLite file that is bounded, survives power cuts, and is begun anew when it is damaged."""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.contracts.errors import ConfigError

PAGE_BYTES, CHECKPOINT_PAGES = 4096, 256
KEPT_DAMAGED = 2  # files of a failing card must not fill it
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OPERATOR = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_log = logging.getLogger(__name__)


def open_database(path: Path, version: int, create: Sequence[str], limit_bytes: int) -> sqlite3.Connection:
    """An open database in autocommit mode, WAL and FULL; a damaged one is put aside, and a new one begun.

    Args:
        path: of the file; its folder must be there.
        version: of the form that `create` makes; files of an older one are put aside as well.
        create: SQL statements.
        limit_bytes: it never grows beyond.

    Raises:
        ConfigError: a newer program wrote it, or the path cannot be used.
        sqlite3.Error: the disk is full or failing; try again later.
    """
    try:
        return _opened(path, version, create, limit_bytes)
    except sqlite3.DatabaseError as error:
        if error_code(error) in _OPERATOR:
            raise ConfigError(f"{path}: cannot be used for samples: {error}; check the path and its rights") from error
        if not is_damage(error):
            raise
        put_aside(path, str(error))
        return _opened(path, version, create, limit_bytes)


def error_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python itself raised the error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, as opposed to the disk being full or busy."""
    return error_code(error) in DAMAGED


def put_aside(path: Path, why: str) -> None:
    """Rename a database, its log with it, so that a new one can begin."""
    kept = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*") if not one.name.endswith(("-wal", "-shm")))
    for old in kept[: 1 - KEPT_DAMAGED]:
        for suffix in ("", "-wal", "-shm"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    mark = f"damaged-{time.time_ns()}"
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.{mark}{suffix}"))
    _log.error("%s cannot be used (%s); kept as %s.%s, and the samples begun anew", path, why, path.name, mark)


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; on disk when it ends."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _opened(path: Path, version: int, create: Sequence[str], limit_bytes: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    try:
        found = int(database.execute("PRAGMA user_version").fetchone()[0])
        _refuse_newer(path, found, version)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        if not found:
            with transaction(database):
                for statement in (*create, f"PRAGMA user_version={version}"):
                    database.execute(statement)
        check = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        _refuse_damaged(f"of the old form {found}" if 0 < found < version else check)
        database.execute(f"PRAGMA max_page_count={limit_bytes // PAGE_BYTES}").fetchall()
    except BaseException:
        database.close()
        raise
    return database


def _refuse_newer(path: Path, found: int, version: int) -> None:
    if found > version:
        raise ConfigError(
            f"{path}: written by a newer version of this program (form {found}, known here: {version}); install that "
            "version again, or move the file away to begin without its samples"
        )


def _refuse_damaged(check: str) -> None:
    if check != "ok":
        error = sqlite3.DatabaseError(check)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
