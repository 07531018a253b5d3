"""SQLite files: bounded, brought to their present form as a whole, and begun anew only where they are broken."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.contracts.database import PAGE_BYTES, Layout, connect, open_database, opened_or_anew, transaction
from edge.contracts.errors import ConfigError
from edge.contracts.sqlite_file import damage, set_aside

FIRST = Layout("box", ("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"), (), log_pages=16)
SECOND = Layout("box", FIRST.create, (("ALTER TABLE t ADD COLUMN b", "UPDATE t SET b = a + 1"),), log_pages=16)
LIMIT = 64 * PAGE_BYTES


def opened(path: Path, layout: Layout = FIRST) -> sqlite3.Connection:
    return open_database(path, layout, LIMIT)


def content(path: Path) -> tuple[int, list[tuple[int, ...]]]:
    with closing(connect(path)) as database:
        form = int(database.execute("PRAGMA user_version").fetchone()[0])
        return form, database.execute("SELECT * FROM t").fetchall()


def test_a_new_one_is_of_the_present_form(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "new", SECOND)) as database:
        modes = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert modes == ["wal", 2]
    assert content(tmp_path / "new") == (2, [(1, 2)])


def test_an_older_one_is_brought_to_it_as_a_whole(tmp_path: Path) -> None:
    path, broken = tmp_path / "old", Layout("box", FIRST.create, (*SECOND.steps, ("NO SQL",)), log_pages=16)
    opened(path).close()
    with pytest.raises(sqlite3.OperationalError):
        open_database(path, broken, LIMIT)
    assert content(path) == (1, [(1,)])
    opened(path, SECOND).close()
    assert content(path) == (2, [(1, 2)])


def test_without_what_comes_before_it_stays_as_it_is(tmp_path: Path) -> None:
    def refuse(_: sqlite3.Connection) -> None:
        raise OSError(28, "no room")

    opened(tmp_path / "old").close()
    with pytest.raises(OSError, match="no room"):
        open_database(tmp_path / "old", Layout("box", SECOND.create, SECOND.steps, 16, refuse), LIMIT)
    assert content(tmp_path / "old") == (1, [(1,)])


def test_one_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "new", SECOND).close()
    with pytest.raises(ConfigError, match=r"schema 2, this one knows 1.*to begin a new box"):
        open_database(tmp_path / "new", FIRST, LIMIT)
    assert content(tmp_path / "new") == (2, [(1, 2)])


def test_it_does_not_grow_beyond_its_limit(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "it")) as database:
        with pytest.raises(sqlite3.OperationalError, match="full"), transaction(database):
            database.executemany("INSERT INTO t VALUES (zeroblob(?))", [(4096,)] * 100)
        assert database.execute("SELECT count(*) FROM t").fetchone() == (1,)
        assert not database.in_transaction
    assert (tmp_path / "it").stat().st_size <= LIMIT


@pytest.mark.parametrize("error", [damage("broken"), sqlite3.OperationalError("locked"), OSError("gone")])
def test_only_what_is_broken_is_begun_anew(tmp_path: Path, error: Exception) -> None:
    path, begun, tries = tmp_path / "it", [], []

    def fails_once() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise error
        return "opened"

    def begin_anew(of: Path, why: str) -> None:
        begun.append((of, why))

    if str(error) == "broken":
        assert opened_or_anew(path, "the box", fails_once, begin_anew) == "opened"
        assert begun == [(path, "broken")]
        return
    with pytest.raises(type(error)):
        opened_or_anew(path, "the box", fails_once, begin_anew)
    assert begun == []


def test_a_path_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    with pytest.raises(ConfigError, match=r"cannot be used as the box.*check the path and its rights"):
        opened_or_anew(tmp_path / "it", "the box", lambda: opened(tmp_path / "it"), lambda *_: None)


def test_a_broken_file_is_kept_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(b"no database" * 1000)

    def begin_anew(of: Path, _: str) -> None:
        set_aside(of, 1)

    opened_or_anew(path, "the box", lambda: open_database(path, FIRST, LIMIT), begin_anew).close()
    assert content(path) == (1, [(1,)])
    assert len(list(tmp_path.glob("it.damaged-*"))) == 1
