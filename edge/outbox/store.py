"""The rows of the outbox in one SQLite file: WAL and synchronous=FULL, so that what is committed survives power cuts.

One thread writes, another may read. Numbers are never reused, and every number that was given to no stored event is
counted as dropped in the same transaction: `dropped` equals the numbers that never reach the host.
"""

import logging
import threading
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from edge.contracts.database import PAGE_BYTES, Layout, Steps, connect, open_database, opened_or_anew, transaction
from edge.contracts.sqlite_file import damage, set_aside
from edge.outbox.upgrade import STEPS, keep_copy

KEPT_DAMAGED = 3
CHECKPOINT_PAGES = 64  # a small log: a full disk then leaves enough room to delete and to check-point
_CREATE = (
    "CREATE TABLE meta (stream TEXT NOT NULL, dropped INTEGER NOT NULL)",
    "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body BLOB NOT NULL,"
    " priority INTEGER NOT NULL)",
    "CREATE INDEX by_priority ON events (priority)",
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('events', 0)",
    "INSERT INTO meta VALUES (lower(hex(randomblob(16))), 0)",  # a new stream
)
_log = logging.getLogger(__name__)


class Priority(IntEnum):
    """Which events go first when the outbox is full: the lowest, and of those the oldest."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


class Entry(NamedTuple):
    """An event before it has a number."""

    topic: str
    body: bytes  # a JSON object
    priority: int


class Row(NamedTuple):
    """A stored event."""

    seq: int
    topic: str
    body: bytes


class Store:
    """An open database. Make one with `open_store`."""

    def __init__(self, path: Path, limit_bytes: int, steps: Steps = STEPS) -> None:
        self._limit_pages = limit_bytes // PAGE_BYTES
        self._db = open_database(path, _layout(path, steps), limit_bytes)
        try:
            self.stream, self.dropped = self._one("SELECT stream, dropped FROM meta")
            self.rows = int(self._one("SELECT count(*) FROM events")[0])
            self.last_seq = self._last_seq()
            self._reader = connect(path)
        except BaseException:
            self._db.close()
            raise
        self._reading = threading.Lock()

    def close(self) -> None:
        """Close both connections."""
        with self._reading:
            self._reader.close()
        self._db.close()

    def commit(self, entries: Sequence[Entry], forget_upto: int, lost: int) -> None:
        """Store entries, forget rows up to a number, and count `lost` events that never came to be stored: all or none.

        Raises:
            sqlite3.Error: nothing was changed.
        """
        with transaction(self._db):
            forgotten = self._db.execute("DELETE FROM events WHERE seq <= ?", (forget_upto,)).rowcount
            if lost:
                self._db.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'events'", (lost,))
                self._db.execute("UPDATE meta SET dropped = dropped + ?", (lost,))
            if entries:
                self._db.executemany("INSERT INTO events (topic, body, priority) VALUES (?, ?, ?)", entries)
        self.rows += len(entries) - forgotten
        self.dropped += lost
        self.last_seq += len(entries) + lost

    def shed(self, count: int, priority: int, protect: int, forget_upto: int) -> int:
        """Drop and count at most `count` of the oldest rows of the lowest priorities, `priority` at most.

        The first `protect` rows beyond `forget_upto` stay: they may be with the host already.
        """
        with transaction(self._db):
            forgotten = self._db.execute("DELETE FROM events WHERE seq <= ?", (forget_upto,)).rowcount
            fence = self._db.execute("SELECT seq FROM events ORDER BY seq LIMIT 1 OFFSET ?", (protect - 1,)).fetchone()
            shed = 0
            if fence:
                shed = self._db.execute(
                    "DELETE FROM events WHERE seq IN (SELECT seq FROM events INDEXED BY by_priority"
                    " WHERE priority <= ? AND seq > ? ORDER BY priority, seq LIMIT ?)",
                    (priority, fence[0], count),
                ).rowcount
                self._db.execute("UPDATE meta SET dropped = dropped + ?", (shed,))
        self.rows -= forgotten + shed
        self.dropped += shed
        return shed + forgotten

    def full_for(self, entries: Sequence[Entry]) -> bool:
        """Whether the size limit, not the disk, may be what keeps these from being stored."""
        used = int(self._one("PRAGMA page_count")[0]) - int(self._one("PRAGMA freelist_count")[0])
        size = sum(len(entry.body) + len(entry.topic) for entry in entries)
        return self._limit_pages - used < 8 + 2 * size // PAGE_BYTES + len(entries) // 32

    def read(self, after: int, limit: int) -> list[Row]:
        """The next rows, ascending. For one other thread than the writer's."""
        with self._reading:
            found = self._reader.execute(
                "SELECT seq, topic, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ).fetchall()
        return [Row(*row) for row in found]

    def _last_seq(self) -> int:
        return int(self._one("SELECT seq FROM sqlite_sequence WHERE name = 'events'")[0])

    def _one(self, query: str) -> tuple[str, int]:
        row: tuple[str, int] | None = self._db.execute(query).fetchone()
        if row is None:
            raise damage(f"no answer to {query}")
        return row


def open_store(path: Path, limit_bytes: int, steps: Steps = STEPS) -> Store:
    """Open the file, or begin a new one (a new `stream`) where there is none or a damaged one, which is set aside.

    Raises:
        ConfigError: a newer version wrote it, or the folder cannot be written.
        sqlite3.Error: the disk is full or failing; try again later.
        OSError: there is no room to upgrade an older file; try again later.
    """
    return opened_or_anew(path, "the outbox", lambda: Store(path, limit_bytes, steps), begin_anew)


def begin_anew(path: Path, why: str) -> None:
    """Put a damaged outbox aside, so that a new one can begin."""
    aside = set_aside(path, KEPT_DAMAGED)
    _log.error(
        "%s is damaged (%s); kept as %s, and a new outbox begun: its unsent events are lost", path, why, aside.name
    )


def _layout(path: Path, steps: Steps) -> Layout:
    return Layout("outbox", _CREATE, steps, CHECKPOINT_PAGES, lambda database: keep_copy(database, path, steps))
