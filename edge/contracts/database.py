"""SQLite files that are bounded and survive power cuts: how one is opened, brought to its present form, and changed."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.contracts.errors import ConfigError
from edge.contracts.sqlite_file import damage, error_code, is_damage

PAGE_BYTES = 4096
WAIT_S = 2.0  # for another process that is writing
Statements = Sequence[str]
Steps = Sequence[Statements]  # of form 1 into 2, of 2 into 3, ...
_OPERATOR = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_ERROR}
_T = TypeVar("_T")


def nothing_first(_: sqlite3.Connection) -> None:
    """Before an upgrade there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is in a file, and how it came to be."""

    what: str  # is in it, for messages: "outbox"
    create: Statements  # form 1; a new file takes the same steps from there as an old one does
    steps: Steps
    log_pages: int  # after which what was committed goes from the log into the file
    before_upgrade: Callable[[sqlite3.Connection], None] = nothing_first  # of an older file; may refuse with an OSError

    @property
    def form(self) -> int:
        """The present one."""
        return 1 + len(self.steps)


def open_database(path: Path, layout: Layout, limit_bytes: int) -> sqlite3.Connection:
    """An open database in autocommit mode: what is committed is on disk (WAL and FULL).

    Args:
        path: of the file; its folder must be there.
        layout: of a new one, and how an older one is brought to it.
        limit_bytes: it never grows beyond.

    Raises:
        ConfigError: a newer program wrote it; it is left as it is.
        sqlite3.Error: it is damaged (`is_damage`), or the disk is full or failing.
        OSError: it cannot be upgraded now.
    """
    database = connect(path)
    try:
        form = int(database.execute("PRAGMA user_version").fetchone()[0])
        _refuse_newer(path, form, layout)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"wal_autocheckpoint={layout.log_pages}"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        if form == 0:
            _step(database, (layout.create, *layout.steps), layout.form)
        _refuse_damaged(str(database.execute("PRAGMA quick_check(1)").fetchone()[0]))
        if 0 < form < layout.form:
            layout.before_upgrade(database)
            _step(database, layout.steps[form - 1 :], layout.form)
        bound(database, limit_bytes)
    except BaseException:
        database.close()
        raise
    return database


def opened_or_anew(path: Path, what: str, opened: Callable[[], _T], begin_anew: Callable[[Path, str], None]) -> _T:
    """What `opened` returns; where the file is damaged, what it returns after `begin_anew` has put that aside.

    Args:
        path: of the file.
        what: is in it, for messages.
        opened: opens it, and reads what must be in it.
        begin_anew: is given the path, and why.

    Raises:
        ConfigError: a newer program wrote it, or the path cannot be used.
        sqlite3.Error, OSError: the disk is full or failing; nothing was moved; try again later.
    """
    try:
        return opened()
    except sqlite3.DatabaseError as error:
        if error_code(error) in _OPERATOR:
            raise ConfigError(f"{path}: cannot be used as {what}: {error}; check the path and its rights") from error
        if not is_damage(error):
            raise
        begin_anew(path, str(error))
        return opened()


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that any one thread at a time may use."""
    return sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False, cached_statements=32)


def bound(database: sqlite3.Connection, limit_bytes: int) -> None:
    """It does not grow beyond this; one that is larger does not grow."""
    database.execute(f"PRAGMA max_page_count={limit_bytes // PAGE_BYTES}").fetchall()


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


def _step(database: sqlite3.Connection, steps: Steps, form: int) -> None:
    """All steps in one transaction."""
    with transaction(database):
        for step in steps:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version={form}")


def _refuse_newer(path: Path, form: int, layout: Layout) -> None:
    if form > layout.form:
        raise ConfigError(
            f"{path}: written by a newer version of this program (schema {form}, this one knows {layout.form}); "
            f"install that version again, or move the file away to begin a new {layout.what}"
        )


def _refuse_damaged(check: str) -> None:
    if check != "ok":
        raise damage(check)
