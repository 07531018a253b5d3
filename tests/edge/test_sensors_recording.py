"""Recordings: columns, times, arrivals, playing."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from edge.contracts.errors import SourceError
from edge.sensors import recording, rows
from edge.sensors.arrival import Raw
from edge.sensors.recording import Arrivals, FilePlayer, recorded
from edge.sensors.rows import number_columns, read_rows, time_column
from edge.sensors.settings import FileSource
from tests.paths import data
from tests.rigs.host import wait_until

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "r.csv"
        path.write_text(text)
        return path

    return written


def test_a_file_of_names_only_has_no_rows(write: Write) -> None:
    assert list(read_rows(write("a,b\n"))) == []
    assert time_column(write("a,b\n")) == ""


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n\n3,4\n", "a;b\n1;2\n3;4\n", "\ufeffa,b\r\n1,2\r\n3,4\r\n", "a\tb\n1\t2\n3\t4"]
)
def test_rows(write: Write, text: str) -> None:
    assert list(read_rows(write(text))) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n", "\n1\n"])
def test_a_file_without_names_is_refused(write: Write, text: str) -> None:
    with pytest.raises(SourceError, match="must name the columns"):
        list(read_rows(write(text)))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read as CSV"):
        list(read_rows(tmp_path / "none.csv"))
    with pytest.raises(SourceError, match=r"known are .csv, .tsv, .parquet"):
        read_rows(tmp_path / "readings.txt")
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0" * 100)
    with pytest.raises(SourceError, match="cannot be read as CSV"):
        list(read_rows(tmp_path / "picture.csv"))


def test_parquet_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(SourceError, match=r"pip install 'foresight-edge\[parquet\]'"):
        list(rows.read_rows(tmp_path / "r.parquet"))


def test_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the extra parquet is not installed")
    path = tmp_path / "r.parquet"
    for columns, column in (("1000 * i AS time_ms", "time_ms"), ("to_timestamp(i) AS at", "at")):
        made = f"SELECT {columns}, CASE WHEN i = 2 THEN NULL ELSE i + 0.5 END AS v FROM range(1, 4) AS t(i)"
        duckdb.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)")
        assert time_column(path) == column
        assert number_columns(path, column) == ("v",)
        assert [raw.arrived_s for raw in recorded(path)] == [0.0, 1.0, 2.0]
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        list(read_rows(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v\n1\n", ""),
        ("timestamp,value\n2014-04-01 00:00:00,20\n", "timestamp"),
        ("v,utc_ns\n1,1700000000000000000\n", "utc_ns"),
        ("v,t\n1,0.1\n", "t"),
        ("uptime,date,v\n5,2016-07-01,1\n", "date"),
        ("when,v\n2016-07-01T00:00:00Z,1\n", "when"),
        ("time,v\nsoon,1\n", ""),
    ],
)
def test_the_time_is_found(write: Write, text: str, expected: str) -> None:
    assert time_column(write(text)) == expected


def test_a_time_that_is_named_must_be_there(write: Write) -> None:
    assert time_column(write("a,b\n1,2\n"), "b") == "b"
    with pytest.raises(SourceError, match="no column c; it has a, b"):
        time_column(write("a,b\n1,2\n"), "c")


def test_columns_of_numbers(write: Write) -> None:
    assert number_columns(write("time,a,b,c\n1,x,2,\n2,y,nan,4\n"), "time") == ("b", "c")


def arrivals(*stamps_s: float) -> list[float]:
    clock = Arrivals()
    return [clock.step(stamp_s)[0] for stamp_s in stamps_s]


def test_arrivals_never_go_back() -> None:
    nan = math.nan
    assert arrivals() == []
    assert arrivals(nan, nan, nan) == [0, 1, 2]
    assert arrivals(100, 101, 103) == [0, 1, 3]
    assert arrivals(100, 101, 50, 102, 103) == [0, 1, 2, 2, 3]  # a single one costs no time
    assert arrivals(100, 101, 41, 42, 43) == [0, 1, 2, 3, 4]  # the clock was set back
    assert arrivals(100, 100, 101) == [0, 0, 1]


def test_a_real_recording_is_whole() -> None:
    path = data("sensors", "ETTh1.csv")
    assert time_column(path) == "date"
    assert number_columns(path, "date") == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    every = list(recorded(path))
    assert len(every) == 17420
    assert every[-1].arrived_s == 17419 * 3600


@pytest.mark.parametrize("loop", [False, True])
def test_a_player_plays_at_its_pace_without_the_files_time(write: Write, loop: bool) -> None:
    heard: list[Raw] = []
    settings = FileSource(path=write("time,v\n0,1\n10,2\n20,3\n"), speed=1000, loop=loop)
    player, begun_s = FilePlayer(settings, "tank"), time.monotonic()
    player.begin(heard.append)
    assert wait_until(lambda: len(heard) >= (7 if loop else 3))
    assert wait_until(lambda: player.ended is not loop)
    player.close()
    assert [raw.content for raw in heard[:3]] == [{"v": "1"}, {"v": "2"}, {"v": "3"}]
    assert [raw.arrived_s - begun_s >= 0.01 * k for k, raw in enumerate(heard[:3])] == [True] * 3
    assert wait_until(lambda: not [one for one in threading.enumerate() if one.name == "sensor-tank"])


def test_a_player_without_its_file_says_so_and_ends(tmp_path: Path) -> None:
    player = FilePlayer(FileSource(path=tmp_path / "none.csv"), "tank")
    player.begin(lambda _: None)
    assert wait_until(lambda: player.ended)
    assert "cannot be read" in player.trouble


def test_a_loop_begins_again_one_interval_after_its_end(write: Write) -> None:
    heard: list[Raw] = []
    player = FilePlayer(FileSource(path=write("time,v\n0,1\n100,2\n"), speed=1000, loop=True), "tank")
    begun_s = time.monotonic()
    player.begin(heard.append)
    assert wait_until(lambda: len(heard) >= 5)
    player.close()
    assert [raw.arrived_s - begun_s >= 0.1 * k for k, raw in enumerate(heard)] == [True] * len(heard)


def test_a_loop_of_nothing_rests(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, rests = list[Path](), list[float]()

    def looked(path: Path, time: str = "") -> Iterator[Raw]:
        looks.append(path)
        return recorded(path, time)

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0.0)
            return super().wait(60)

    monkeypatch.setattr(recording, "recorded", looked)
    player = FilePlayer(FileSource(path=write("time,v\n"), loop=True), "tank")
    player._stop = Stop()
    player.begin(lambda _: None)
    assert wait_until(lambda: bool(rests))
    player.close()
    assert "holds no readings" in player.trouble
    assert (len(looks), len(rests)) == (1, 1)
    assert rests[0] >= 0.05  # and longer with every look


def test_a_player_that_is_very_slow_waits(write: Write) -> None:
    heard: list[Raw] = []
    player = FilePlayer(FileSource(path=write("time,v\n0,1\n100,2\n"), speed=1e-300), "tank")
    player.begin(heard.append)
    assert wait_until(lambda: len(heard) == 1 and player.due_s > time.monotonic() + 3000)
    player.close()
    assert not [one for one in threading.enumerate() if one.name == "sensor-tank"]


@pytest.mark.parametrize("rows", ["0,1\n", "0,1\n0,2\n"])
def test_a_loop_of_next_to_nothing_rests(write: Write, rows: str) -> None:
    heard: list[Raw] = []
    player = FilePlayer(FileSource(path=write(f"time,v\n{rows}"), speed=1000, loop=True), "tank")
    player.begin(heard.append)
    assert wait_until(lambda: len(heard) >= 8, 20)
    player.close()
    rounds = [one.arrived_s for one in heard if one.content == {"v": "1"}]
    assert min(after - before for before, after in pairwise(rounds)) >= 0.09
