"""The samples of one subject on disk: bounded, divided into what is learnt from and what is judged by.

Each part holds the newest samples, and a fair choice of the older ones of every kind. What `add` has counted as stored
is on disk, whenever the process is killed; it goes only by the rules of what is kept.
"""

import logging
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from edge.contracts.sqlite_file import is_damage
from edge.learning.database import begin_anew, open_database, transaction
from edge.learning.division import Part, Stay, part_of, stayed
from edge.learning.keeping import RECENT_SHARE, place, quota, stratum
from edge.learning.packing import body_bytes, packed, unpacked
from edge.learning.sample import Batch, Sample, Shapes, fits, stacked
from edge.learning.settings import LearningSettings

FORM = 2
MOST_GROUPS = 8192  # whose part is remembered
MOST_NAME = 200  # characters of a group or a kind
ROW_BYTES = 320  # of a row beside its arrays, with its entries in the indices
MB, FILLED = 1 << 20, 0.6  # share of the file that samples may fill; the rest is for what changes
_CREATE = (
    "CREATE TABLE meta (form TEXT NOT NULL, seen INTEGER NOT NULL)",
    "CREATE TABLE samples (seq INTEGER PRIMARY KEY AUTOINCREMENT, part INTEGER NOT NULL, age INTEGER NOT NULL,"
    " kind TEXT NOT NULL, grp TEXT NOT NULL, begin_s REAL NOT NULL, end_s REAL NOT NULL, weight REAL NOT NULL,"
    " body BLOB NOT NULL)",
    "CREATE INDEX by_kind ON samples (part, age, kind)",
    "CREATE TABLE kinds (part INTEGER NOT NULL, kind TEXT NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY (part, kind))",
    "CREATE TABLE groups (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, part INTEGER NOT NULL,"
    " first_s REAL NOT NULL, since_s REAL NOT NULL, until_s REAL NOT NULL)",
)
_log = logging.getLogger(__name__)


class Age(IntEnum):
    """Why a sample is kept."""

    RECENT = 0
    OLD = 1  # chosen to stand for those of its kind


@dataclass(frozen=True, slots=True)
class Added:
    """What became of samples that were offered."""

    stored: int  # on disk now
    left_out: int  # they would have been seen on both sides
    refused: int  # of other shapes, or with what is no finite number
    lost: int  # the disk does not take them


class Reservoir:
    """Samples of one subject. Not thread-safe.

    Args:
        path: of the database; its folder is made.
        shapes: of every sample.
        form: what the arrays mean; samples of another form are thrown away.
        span_s: the longest sample.
        settings: how much is kept, and what share is to judge.
        seed: of all chance.

    Raises:
        ConfigError: a newer program wrote it, or the path cannot be used.
        sqlite3.Error, OSError: the disk is full or failing; try again later.
    """

    def __init__(
        self, path: Path, shapes: Shapes, form: str, span_s: float, settings: LearningSettings, seed: int = 1
    ) -> None:
        self._path, self._shapes, self._form, self._span_s = path, shapes, form, span_s
        self._share, self._chance = settings.holdout, random.Random(seed)
        self._limit_bytes = int(settings.max_mb * MB)
        most = int(self._limit_bytes * FILLED) // (ROW_BYTES + body_bytes(shapes))
        kept = max(min(settings.samples, most), 8)
        judged = max(round(kept * settings.holdout), 2)
        self._capacity = {Part.LEARN: kept - judged, Part.JUDGE: judged}
        self.trouble = ""  # why the disk takes no samples, else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def seen(self) -> int:
        """How many samples were ever stored."""
        return self._seen

    def capacity(self, part: Part) -> int:
        """How many can be kept."""
        return self._capacity[part]

    def count(self, part: Part, age: Age) -> int:
        """How many are kept."""
        return sum(count for (of, old, _), count in self._kept.items() if (of, old) == (part, age))

    def add(self, samples: Sequence[Sample]) -> Added:
        """Store samples, all in one transaction; they are on disk when this returns."""
        sound = [one for one in samples if fits(one, self._shapes)]
        refused = len(samples) - len(sound)
        if not sound:
            return Added(0, 0, refused, 0)
        try:
            with transaction(self._db):
                stored = sum(self._add(sample) for sample in sound)
                self._prune()
                self._db.execute("UPDATE meta SET seen = ?", (self._seen,))
        except sqlite3.Error as error:
            self._fail(error)
            return Added(0, 0, refused, len(sound))
        if self.trouble:
            _log.warning("%s: samples are stored again", self._path)
            self.trouble = ""
        return Added(stored, len(sound) - stored, refused, 0)

    def read(self, part: Part, age: Age, most: int = 1 << 30) -> Batch:
        """The newest of them, oldest first. Those that a bad disk has changed are left out."""
        rows = self._db.execute(
            "SELECT begin_s, end_s, grp, kind, weight, body FROM samples WHERE part = ? AND age = ?"
            " ORDER BY seq DESC LIMIT ?",
            (part, age, most),
        ).fetchall()
        found = []
        for begin_s, end_s, group, kind, weight, body in reversed(rows):
            arrays = unpacked(body, self._shapes)
            if arrays is not None:
                found.append(Sample(arrays, begin_s, end_s, group, kind, weight))
        if len(found) < len(rows):
            _log.warning("%s: %d samples are damaged and left out", self._path, len(rows) - len(found))
        return stacked(found, self._shapes)

    def clear(self) -> None:
        """Forget all samples. Raises sqlite3.Error."""
        with transaction(self._db):
            for table in ("samples", "kinds", "groups"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
            self._db.execute("UPDATE meta SET seen = 0")
        self._count()

    def _open(self) -> None:
        self._db = open_database(self._path, FORM, _CREATE, self._limit_bytes)
        found = self._db.execute("SELECT form FROM meta").fetchone()
        if found is None:
            self._db.execute("INSERT INTO meta VALUES (?, 0)", (self._form,))
        elif found[0] != self._form:
            _log.warning("%s: its samples are for another model and are forgotten", self._path)
            self._db.execute("UPDATE meta SET form = ?", (self._form,))
            self.clear()
        self._count()

    def _count(self) -> None:
        """What is kept, as the file says."""
        rows = self._db.execute("SELECT part, age, kind, count(*) FROM samples GROUP BY part, age, kind").fetchall()
        self._kept = {(Part(part), Age(age), str(kind)): int(count) for part, age, kind, count in rows}
        rows = self._db.execute("SELECT part, kind, seen FROM kinds").fetchall()
        self._ever = {part: {str(kind): int(seen) for of, kind, seen in rows if of == part} for part in Part}
        for part, _, kind in self._kept:
            self._ever[part].setdefault(kind, 0)  # kinds of which none has grown old yet
        self._seen = int(self._db.execute("SELECT seen FROM meta").fetchone()[0])

    def _add(self, sample: Sample) -> int:
        part = part_of(sample.begin_s, sample.end_s, self._span_s, self._share)
        if part is None or not self._of_part(sample, part):
            return 0
        kind = stratum(sample.stratum[:MOST_NAME], self._ever[part])
        self._ever[part].setdefault(kind, 0)
        row = (part, Age.RECENT, kind, sample.group[:MOST_NAME], sample.begin_s, sample.end_s, sample.weight)
        self._db.execute(
            "INSERT INTO samples (part, age, kind, grp, begin_s, end_s, weight, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, packed(sample, self._shapes)),
        )
        self._change(part, Age.RECENT, kind, 1)
        self._seen += 1
        if self.count(part, Age.RECENT) > self._capacity[part] * RECENT_SHARE:
            self._age(part)
        return 1

    def _of_part(self, sample: Sample, part: Part) -> bool:
        """Whether a sample's group is of this part, or can be from now on."""
        group = sample.group[:MOST_NAME]
        if not group:
            return True
        row = self._db.execute("SELECT part, first_s, since_s, until_s FROM groups WHERE name = ?", (group,)).fetchone()
        stay = None if row is None else Stay(Part(row[0]), *row[1:])
        now = stayed(stay, part, sample.begin_s, sample.end_s, self._span_s, self._share)
        if now is not None and now != stay:
            self._db.execute(
                "INSERT INTO groups (name, part, first_s, since_s, until_s) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET part = ?2, since_s = ?4, until_s = ?5",
                (group, now.part, now.first_s, now.since_s, now.until_s),
            )
        return now is not None

    def _age(self, part: Part) -> None:
        """The oldest of the recent samples becomes one of the old ones of its kind, or goes."""
        seq, kind = self._db.execute(
            "SELECT seq, kind FROM samples WHERE part = ? AND age = ? ORDER BY seq LIMIT 1", (part, Age.RECENT)
        ).fetchone()
        self._change(part, Age.RECENT, kind, -1)
        ever = self._ever[part][kind] = self._ever[part][kind] + 1
        self._db.execute("INSERT OR REPLACE INTO kinds VALUES (?, ?, ?)", (part, kind, ever))
        limit = quota(int(self._capacity[part] * (1 - RECENT_SHARE)), len(self._ever[part]))
        self._thin(part, limit)
        at = place(self._kept.get((part, Age.OLD, kind), 0), ever, limit, self._chance)
        if at is None:
            self._db.execute("DELETE FROM samples WHERE seq = ?", (seq,))
            return
        if at < self._kept.get((part, Age.OLD, kind), 0):
            self._drop(part, kind, at)
        self._db.execute("UPDATE samples SET age = ? WHERE seq = ?", (Age.OLD, seq))
        self._change(part, Age.OLD, kind, 1)

    def _thin(self, part: Part, limit: int) -> None:
        """Where there are more kinds than before, each keeps fewer."""
        for (of, age, kind), count in list(self._kept.items()):
            for excess in range(count - limit if (of, age) == (part, Age.OLD) else 0):
                self._drop(part, kind, self._chance.randrange(count - excess))

    def _drop(self, part: Part, kind: str, at: int) -> None:
        """Forget the old sample of a kind at this place."""
        self._db.execute(
            "DELETE FROM samples WHERE seq = (SELECT seq FROM samples WHERE part = ? AND age = ? AND kind = ?"
            " ORDER BY seq LIMIT 1 OFFSET ?)",
            (part, Age.OLD, kind, at),
        )
        self._change(part, Age.OLD, kind, -1)

    def _prune(self) -> None:
        self._db.execute(
            "DELETE FROM groups WHERE seq <= (SELECT max(seq) FROM groups) - ?"
            " AND name NOT IN (SELECT grp FROM samples)",
            (MOST_GROUPS,),
        )

    def _change(self, part: Part, age: Age, kind: str, by: int) -> None:
        self._kept[part, age, kind] = self._kept.get((part, age, kind), 0) + by

    def _fail(self, error: sqlite3.Error) -> None:
        """The disk does not take samples: say so once, and go on with those that there are."""
        if not self.trouble:
            _log.error("%s: samples are lost until the disk takes them again: %s", self._path, error)
        self.trouble = str(error) or type(error).__name__
        try:
            if is_damage(error):
                self._db.close()
                begin_anew(self._path, str(error))
                self._open()
            else:
                self._count()
        except (sqlite3.Error, OSError) as again:
            self.trouble = f"{self.trouble}; {again}"
