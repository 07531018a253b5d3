"""The samples of one subject in an SQLite file. It keeps what it is told to; which those are is decided elsewhere.

Every change is made within a transaction of `database`.
"""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge.contracts.database import PAGE_BYTES, Layout, bound, open_database, opened_or_anew
from edge.contracts.sqlite_file import set_aside
from edge.learning.division import Part, Stay
from edge.learning.keeping import Age, Kept, Moves
from edge.learning.packing import packed, unpacked
from edge.learning.sample import Sample, Shapes

KEPT_DAMAGED = 2
MOST_GROUPS = 8192  # whose part is remembered when their samples are gone
ROW_BYTES = 320  # of a row beside its arrays, with its entries in the indices
_STAY = ("first_s", "since_s", "until_s")
_LAYOUT = Layout(
    "file of samples",
    (
        "CREATE TABLE meta (form TEXT NOT NULL, seen INTEGER NOT NULL)",
        "CREATE TABLE samples (seq INTEGER PRIMARY KEY AUTOINCREMENT, part INTEGER NOT NULL, age INTEGER NOT NULL,"
        " kind TEXT NOT NULL, grp TEXT NOT NULL, begin_s REAL NOT NULL, end_s REAL NOT NULL, weight REAL NOT NULL,"
        " body BLOB NOT NULL)",
        "CREATE INDEX by_kind ON samples (part, age, kind)",
        "CREATE TABLE kinds (part INTEGER NOT NULL, kind TEXT NOT NULL, seen INTEGER NOT NULL,"
        " PRIMARY KEY (part, kind))",
        "CREATE TABLE groups (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, part INTEGER NOT NULL)",
    ),
    (
        (
            "CREATE INDEX by_group ON samples (grp)",
            "ALTER TABLE meta ADD COLUMN division TEXT NOT NULL DEFAULT ''",
            "INSERT INTO meta (form, seen) SELECT '', 0 WHERE NOT EXISTS (SELECT 1 FROM meta)",
        ),
        tuple([f"ALTER TABLE groups ADD COLUMN {name} REAL NOT NULL DEFAULT 0" for name in _STAY]),
    ),
    log_pages=256,
)
_NOT_KEPT = "NOT EXISTS (SELECT 1 FROM samples WHERE grp = groups.name)"
_log = logging.getLogger(__name__)


class SamplesFile:
    """An open file. Make one with `open_samples`."""

    def __init__(self, path: Path, shapes: Shapes, limit_bytes: int) -> None:
        self._shapes, self._limit_bytes = shapes, limit_bytes
        self.database = open_database(path, _LAYOUT, limit_bytes)

    def close(self) -> None:
        """Close it."""
        self.database.close()

    @property
    def seen(self) -> int:
        """How many samples were ever stored."""
        return int(self.database.execute("SELECT seen FROM meta WHERE rowid = 1").fetchone()[0])

    def belongs(self) -> tuple[str, str]:
        """What the arrays mean, and how learning and judging are divided, as `belong` was told; "" at first."""
        form, division = self.database.execute("SELECT form, division FROM meta WHERE rowid = 1").fetchone()
        return str(form), str(division)

    def belong(self, form: str, division: str) -> None:
        """Remember it."""
        self.database.execute("UPDATE meta SET form = ?, division = ? WHERE rowid = 1", (form, division))

    def kept(self) -> list[Kept]:
        """What there is."""
        rows = self.database.execute("SELECT seq, part, age, kind FROM samples")
        return [Kept(int(seq), Part(part), Age(age), str(kind)) for seq, part, age, kind in rows]

    def ever(self) -> dict[tuple[Part, str], int]:
        """How many older samples there ever were of each kind."""
        rows = self.database.execute("SELECT part, kind, seen FROM kinds")
        return {(Part(part), str(kind)): int(seen) for part, kind, seen in rows}

    def times(self) -> Iterator[tuple[int, Part, float, float]]:
        """Number, part, beginning and end of each sample."""
        for seq, part, begin_s, end_s in self.database.execute("SELECT seq, part, begin_s, end_s FROM samples"):
            yield int(seq), Part(part), float(begin_s), float(end_s)

    def stay(self, group: str) -> Stay | None:
        """Where a group is; None of one that is not known, or not any more."""
        found = self.database.execute(
            "SELECT part, first_s, since_s, until_s FROM groups WHERE name = ?", (group,)
        ).fetchone()
        return None if found is None else Stay(Part(found[0]), *found[1:])

    def stays(self, group: str, stay: Stay) -> None:
        """Remember where a group is; a group of long ago without samples is forgotten for it."""
        times = stay.first_s, stay.since_s, stay.until_s
        changed = self.database.execute(
            "UPDATE groups SET part = ?, first_s = ?, since_s = ?, until_s = ? WHERE name = ?",
            (stay.part, *times, group),
        )
        if changed.rowcount:
            return
        seq = self.database.execute(
            "INSERT INTO groups (name, part, first_s, since_s, until_s) VALUES (?, ?, ?, ?, ?)",
            (group, stay.part, *times),
        ).lastrowid
        assert seq is not None
        self.database.execute(f"DELETE FROM groups WHERE seq = ? AND {_NOT_KEPT}", (seq - MOST_GROUPS,))  # noqa: S608

    def put(self, sample: Sample, part: Part, kind: str, group: str) -> int:
        """Store a sample as a recent one; its number."""
        row = (part, Age.RECENT, kind, group, sample.begin_s, sample.end_s, sample.weight, packed(sample, self._shapes))
        seq = self.database.execute(
            "INSERT INTO samples (part, age, kind, grp, begin_s, end_s, weight, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        assert seq is not None
        self.database.execute("UPDATE meta SET seen = seen + 1 WHERE rowid = 1")
        return seq

    def change(self, moves: Moves) -> None:
        """Do what was decided."""
        self.database.executemany("UPDATE samples SET age = ? WHERE seq = ?", [(Age.OLD, seq) for seq in moves.old])
        self.database.executemany(
            "INSERT OR REPLACE INTO kinds VALUES (?, ?, ?)",
            [(part, kind, ever) for (part, kind), ever in moves.ever.items()],
        )
        for seq in moves.gone:
            self._remove(seq)

    def read(self, part: Part, age: Age, most: int) -> list[Sample]:
        """The newest of them, oldest first. Those that a bad disk has changed are left out."""
        return samples_in(self.database, self._shapes, part, age, most)

    def clear(self) -> None:
        """Forget all samples, and that there were any."""
        for table in ("samples", "kinds", "groups"):
            self.database.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
        self.database.execute("UPDATE meta SET seen = 0 WHERE rowid = 1")

    def shrink(self) -> None:
        """Give back what is not needed any more, where the file is larger than it may be. Outside of a transaction."""
        pages = int(self.database.execute("PRAGMA page_count").fetchone()[0])
        if pages * PAGE_BYTES > self._limit_bytes:
            self.database.execute("VACUUM")
            self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            bound(self.database, self._limit_bytes)

    def _remove(self, seq: int) -> None:
        """A sample, and its group where that is one of long ago and has no other."""
        found = self.database.execute("SELECT grp FROM samples WHERE seq = ?", (seq,)).fetchone()
        self.database.execute("DELETE FROM samples WHERE seq = ?", (seq,))
        if found is not None and found[0]:
            self.database.execute(
                "DELETE FROM groups WHERE name = ? AND seq <= (SELECT max(seq) FROM groups) - ?"  # noqa: S608
                f" AND {_NOT_KEPT}",
                (found[0], MOST_GROUPS),
            )


def open_samples(path: Path, shapes: Shapes, limit_bytes: int) -> SamplesFile:
    """Open the file, or begin a new one where there is none or a damaged one, which is set aside.

    Args:
        path: of the file; its folder must be there.
        shapes: of every sample.
        limit_bytes: it never grows beyond.

    Raises:
        ConfigError: a newer program wrote it, or the path cannot be used.
        sqlite3.Error: the disk is full or failing; try again later.
        OSError: a damaged one cannot be set aside.
    """
    return opened_or_anew(path, "the file of samples", lambda: SamplesFile(path, shapes, limit_bytes), begin_anew)


def begin_anew(path: Path, why: str) -> None:
    """Put a file aside, so that a new one can begin."""
    aside = set_aside(path, KEPT_DAMAGED)
    _log.error("%s cannot be used (%s); kept as %s, and the samples begun anew", path, why, aside.name)


def samples_in(database: sqlite3.Connection, shapes: Shapes, part: Part, age: Age, most: int = 1 << 30) -> list[Sample]:
    """The newest samples of an open file, oldest first; without those that a bad disk has changed.

    Raises:
        sqlite3.Error: it cannot be read now.
    """
    rows = database.execute(
        "SELECT begin_s, end_s, grp, kind, weight, body FROM samples WHERE part = ? AND age = ?"
        " ORDER BY seq DESC LIMIT ?",
        (part, age, most),
    ).fetchall()
    found = []
    for begin_s, end_s, group, kind, weight, body in reversed(rows):
        arrays = unpacked(body, shapes)
        if arrays is not None:
            found.append(Sample(arrays, begin_s, end_s, group, kind, weight))
    if len(found) < len(rows):
        path = database.execute("PRAGMA database_list").fetchone()[2]
        _log.warning("%s: %d samples are damaged and left out", path, len(rows) - len(found))
    return found
