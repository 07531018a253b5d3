"""Outbox files of older forms: upgraded with a copy, whole or not at all; newer and damaged ones."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.contracts.errors import ConfigError
from edge.outbox.outbox import Outbox
from edge.outbox.settings import OutboxSettings
from edge.outbox.store import KEPT_DAMAGED, Entry, Row, begin_anew, open_store
from tests.paths import REPOSITORY

LIMIT = 2**20
STEPS = (("ALTER TABLE events ADD COLUMN zone TEXT NOT NULL DEFAULT ''",), ("CREATE INDEX by_zone ON events (zone)",))
FORM_1 = """
PRAGMA journal_mode=WAL;
CREATE TABLE meta (stream TEXT NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body BLOB NOT NULL,
                     priority INTEGER NOT NULL);
CREATE INDEX by_priority ON events (priority);
INSERT INTO events VALUES (7, 't', x'7b7d', 1), (9, 't', x'7b7d', 2);
INSERT INTO meta VALUES ('abc', 7);
PRAGMA user_version=1;
"""
ROWS = [Row(7, "t", b"{}"), Row(9, "t", b"{}")]


def old_file(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "outbox.db"
    with sqlite3.connect(path) as db:
        db.executescript(FORM_1)
    db.close()
    return path


def form(path: Path) -> tuple[int, bool, list[tuple[int, bytes]]]:
    """Version, whether the steps were taken, and the events of a file."""
    db = sqlite3.connect(path)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        columns = [row[1] for row in db.execute("PRAGMA table_info(events)")]
        indices = [row[1] for row in db.execute("PRAGMA index_list(events)")]
        assert ("zone" in columns) is ("by_zone" in indices)
        return version, "zone" in columns, db.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
    finally:
        db.close()


EVENTS = [(7, b"{}"), (9, b"{}")]
OLD, NEW = (1, False, EVENTS), (3, True, EVENTS)


def test_a_new_file_has_the_present_form_and_no_copy(tmp_path: Path) -> None:
    open_store(tmp_path / "outbox.db", LIMIT, STEPS).close()
    assert form(tmp_path / "outbox.db") == (3, True, [])
    assert [path.name for path in tmp_path.iterdir()] == ["outbox.db"]


def test_the_first_form_is_still_read(tmp_path: Path) -> None:
    with Outbox(old_file(tmp_path), OutboxSettings()) as outbox:
        assert outbox.read(0, 10) == ("abc", ROWS)
        assert outbox.stats().dropped == 7


def test_an_old_file_is_upgraded_and_goes_on_counting(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    (tmp_path / "outbox.db.before-v2").write_bytes(b"of an upgrade long ago")
    store = open_store(path, LIMIT, STEPS)
    try:
        store.commit([Entry("u", b"{}", 1)], 0, 0)
        assert (store.stream, store.dropped, store.read(0, 10)) == ("abc", 7, [*ROWS, Row(10, "u", b"{}")])
    finally:
        store.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["outbox.db", "outbox.db.before-v3"]
    assert form(tmp_path / "outbox.db.before-v3") == OLD


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    open_store(path, LIMIT, STEPS).close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"newer version of this program \(schema 3, this one knows 1\); install"):
        open_store(path, LIMIT)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["outbox.db"]


def test_without_room_the_old_file_stays_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    path = old_file(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: Usage(100))
        with pytest.raises(
            OSError, match=r"no room to upgrade .* 100 are free; free some space, or move the file away"
        ):
            open_store(path, LIMIT, STEPS)
        assert form(path) == OLD
        assert not list(tmp_path.glob("*.before*"))
    open_store(path, LIMIT, STEPS).close()
    assert form(path) == NEW


def test_the_daemon_waits_for_room_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, free = old_file(tmp_path), [100]

    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free[0]))
    monkeypatch.setattr(open_store, "__defaults__", (STEPS,))
    with Outbox(path, OutboxSettings()) as outbox:
        ticket = outbox.put("u", b"{}")
        assert not outbox.accepted(ticket, 0.05)
        assert "no room to upgrade" in outbox.stats().trouble
        free[0] = 2**30
        assert outbox.accepted(ticket, 60)
        assert outbox.read(0, 10) == ("abc", [*ROWS, Row(10, "u", b"{}")])


@pytest.mark.parametrize("broken", [("NO SQL",), ("DROP TABLE events", "CREATE TABLE meta (x)")])
def test_a_step_that_fails_changes_nothing(tmp_path: Path, broken: tuple[str, ...]) -> None:
    path = old_file(tmp_path)
    with pytest.raises(ConfigError):
        open_store(path, LIMIT, (STEPS[0], broken))
    assert form(path) == OLD


KILLED = """
import os, sys, sqlite3
from pathlib import Path
from edge.contracts import database
from edge.outbox import store
at, count = int(sys.argv[2]), 0
def edge(*_):
    global count
    count += 1
    if count == at:
        os.kill(os.getpid(), 9)
class Traced(sqlite3.Connection):
    def execute(self, *arguments):
        edge()
        return super().execute(*arguments)
    def backup(self, target):
        super().backup(target, pages=1, progress=edge)
def connect(path):
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Traced)
database.connect = connect
store.connect = connect
for name in ("fsync", "rename", "replace", "chmod"):
    def traced(*arguments, real=getattr(os, name), **named):
        edge()
        real(*arguments, **named)
        edge()
    setattr(os, name, traced)
from tests.edge.test_outbox_upgrade import STEPS
store.open_store(Path(sys.argv[1]), 2**20, STEPS).close()
"""


def test_killed_at_each_step_the_file_is_old_or_new(tmp_path: Path) -> None:
    seen = set()
    for at in range(1, 100):
        path = old_file(tmp_path / str(at))
        line = [sys.executable, "-c", KILLED, str(path), str(at)]
        ended = subprocess.run(line, cwd=REPOSITORY, timeout=300, check=False)
        assert ended.returncode in {0, -signal.SIGKILL}
        found = form(path)
        assert found in (OLD, NEW)
        copies = [form(copy) for copy in path.parent.glob("*.before-v3")]
        assert copies in ([], [OLD])
        assert found == OLD or copies
        seen.add((found == NEW, bool(copies)))
        open_store(path, LIMIT, STEPS).close()
        assert form(path) == NEW
        assert sorted(one.name for one in path.parent.iterdir()) == ["outbox.db", "outbox.db.before-v3"]
        if ended.returncode == 0:
            break
    else:
        pytest.fail("never ended")
    assert seen == {(False, False), (False, True), (True, True)}


def test_files_of_a_failing_card_do_not_fill_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    for number in range(KEPT_DAMAGED + 2):
        path.write_text(str(number))
        (tmp_path / "outbox.db-wal").write_text(str(number))
        begin_anew(path, "a test")
    kept = sorted(one for one in tmp_path.iterdir() if not one.name.endswith("-wal"))
    assert [one.read_text() for one in kept] == ["2", "3", "4"]
    assert len(list(tmp_path.iterdir())) == 2 * KEPT_DAMAGED
