"""What goes wrong with a SQLite file, and how a damaged one is put aside so that a new one can begin."""

import sqlite3
import time
from pathlib import Path

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PARTS = ("", "-wal", "-shm")


def error_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python itself raised the error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, as opposed to the disk being full or busy."""
    return error_code(error) in _DAMAGE


def damage(why: str) -> sqlite3.DatabaseError:
    """An error that says that the file itself is broken."""
    error = sqlite3.DatabaseError(why)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def set_aside(path: Path, keep: int) -> Path:
    """Rename a damaged database, its log with it; what it is called now.

    Args:
        path: of the database.
        keep: so many damaged ones, the newest: those of a failing card must not fill it.

    Raises:
        OSError: a file can be neither deleted nor renamed.
    """
    kept = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*") if not one.name.endswith(_PARTS[1:]))
    for old in kept[: 1 - keep] if keep > 1 else kept:
        for suffix in _PARTS:
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in _PARTS:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
