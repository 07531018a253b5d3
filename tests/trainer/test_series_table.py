from pathlib import Path

import numpy as np
import pytest

from trainer.errors import TrainError
from trainer.series.regular import regular, usual_step_s
from trainer.series.table import read_tables


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "time", "channels", "columns", "begin_s"),
    [
        ("time,a,b\n0,1,2\n60,3,4\n", "", (), ("a", "b"), 0.0),
        ("date,a\n2020-01-01 00:00:00,1\n2020-01-01 01:00:00,2\n", "", (), ("a",), 1577836800.0),
        ("when,a\n2020-01-01T00:00:00Z,1\n2020-01-01T01:00:00Z,2\n", "", (), ("a",), 1577836800.0),  # found by content
        ("x;tick_ms;a;note\n5;1000;1;hi\n6;2000;2;ho\n", "tick_ms", ("a",), ("a",), 1.0),
        ("time,a,b\n60,3,4\n0,1,\n", "", (), ("a", "b"), 0.0),  # out of order, and a hole
    ],
)
def test_tables_are_read(
    tmp_path: Path, text: str, time: str, channels: tuple[str, ...], columns: tuple[str, ...], begin_s: float
) -> None:
    table = read_tables(written(tmp_path, text), time, channels)[0]
    assert table.channels == columns
    assert table.time_s[0] == begin_s
    assert table.values.shape == (2, len(columns))
    assert table.values[0, 0] == 1.0


@pytest.mark.parametrize(
    ("text", "time", "channels", "said"),
    [
        ("", "", (), "no column of times|first line"),
        ("time,a\n1,2\n", "", (), "1 rows"),
        ("a,b\n1,2\n3,4\n", "", (), "no column of times"),
        ("time,a\n1,2\n3,4\n", "stamp", (), "no column stamp"),
        ("time,a\n1,2\n3,4\n", "", ("b",), "no column b"),
        ("time,a\n1,x\n3,y\n", "", (), "no column of numbers"),
        ("time,a\nx,1\ny,2\n", "", (), "no column of times"),
        ("time,a\n1,2\n3,4\n", "", ("a", "a"), "each column once"),
        ("time,a\n1,2\n3,4\n", "", ("time",), "each column once"),
        ("time,a\n1,2\n3,1e300\n", "", (), "1e\\+300 in the column a"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    tmp_path: Path, text: str, time: str, channels: tuple[str, ...], said: str
) -> None:
    with pytest.raises(TrainError, match=said):
        read_tables(written(tmp_path, text), time, channels)


def test_an_empty_folder_is_refused_and_recordings_must_agree(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="holds no table"):
        read_tables(tmp_path, "", ())
    with pytest.raises(TrainError, match="is not there"):
        read_tables(tmp_path / "none.csv", "", ())
    written(tmp_path, "time,a\n100,1\n160,2\n", "late.csv")
    written(tmp_path, "time,a\n0,1\n60,2\n", "other.csv")
    assert [table.path.name for table in read_tables(tmp_path, "", ())] == ["other.csv", "late.csv"]
    written(tmp_path, "time,b\n0,1\n60,2\n", "strange.csv")
    with pytest.raises(TrainError, match="name those that both have"):
        read_tables(tmp_path, "", ())


def test_recordings_and_silences_make_pieces(tmp_path: Path) -> None:
    rows = [0, 60, 120, 240, 300, 9000, 9060]
    written(tmp_path, "time,a\n" + "".join(f"{at},{at}\n" for at in rows), "one.csv")
    written(tmp_path, "time,a\n10000,1\n10060,2\n", "two.csv")
    tables = read_tables(tmp_path, "", ())
    assert usual_step_s(tables) == 60.0
    series = regular(tables, 60.0)
    assert series.piece.tolist() == [0] * 6 + [1] * 2 + [2] * 2
    assert series.values[:6, 0].tolist() == [0, 60, 120, 180, 240, 300]
    assert np.flatnonzero(~series.known[:, 0]).tolist() == [3]


def test_a_copy_of_a_recording_is_told(tmp_path: Path) -> None:
    text = "time,a\n0,1\n60,2\n"
    written(tmp_path, text, "motor.csv")
    written(tmp_path, text, "motor (1).csv")
    with pytest.raises(TrainError, match="hold the same readings"):
        read_tables(tmp_path, "", ())


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT", "DECIMAL(9, 2)", "INTEGER", "VARCHAR"])
@pytest.mark.parametrize("stamp", ["time", "time::BIGINT AS time", "to_timestamp(time) AS time"])
def test_parquet_holds_what_csv_holds(tmp_path: Path, kind: str, stamp: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the extra parquet is not installed")
    csv, parquet = written(tmp_path, "time,a\n1600000000,1\n1600000060,\n1600000120,25\n"), tmp_path / "a.parquet"
    chosen = f"SELECT {stamp}, a::{kind} AS a FROM read_csv('{csv}')"
    duckdb.execute(f"COPY ({chosen}) TO '{parquet}' (FORMAT parquet)")
    wanted, found = (read_tables(path, "", ())[0] for path in (csv, parquet))
    assert found.channels == wanted.channels == ("a",)
    assert np.array_equal(found.time_s, wanted.time_s)
    assert np.array_equal(found.values, wanted.values, equal_nan=True)
