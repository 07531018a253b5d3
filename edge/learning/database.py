"""A SQLite file that is bounded, survives power cuts, and is begun anew when it is damaged."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.contracts.errors import ConfigError
from edge.contracts.sqlite_file import damage, error_code, is_damage, set_aside

PAGE_BYTES, CHECKPOINT_PAGES = 4096, 256
KEPT_DAMAGED = 2
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
        begin_anew(path, str(error))
        return _opened(path, version, create, limit_bytes)


def begin_anew(path: Path, why: str) -> None:
    """Put a database aside, so that a new one can begin."""
    aside = set_aside(path, KEPT_DAMAGED)
    _log.error("%s cannot be used (%s); kept as %s, and the samples begun anew", path, why, aside.name)


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
        raise damage(check)
