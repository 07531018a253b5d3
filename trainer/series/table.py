"""Readings of sensors from CSV and Parquet files."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.contracts.types import F64
from trainer.errors import TrainError

TIME_NAMES = ("time", "date", "timestamp", "datetime", "ts", "utc", "utc_ns", "t_s", "t")
UNITS_S = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
SUFFIXES = (".csv", ".txt", ".tsv", ".parquet")
Columns = dict[str, list[str] | F64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One recording. What could not be read as a number is NaN."""

    path: Path
    channels: tuple[str, ...]  # C
    time_s: F64  # (N,) ascending, seconds since 1970 or since whatever the file counts from
    values: F64  # (N, C)


def read_tables(place: Path, time: str, channels: Sequence[str]) -> list[Table]:
    """All recordings of a file, or of the files of a folder, oldest first.

    Args:
        place: a CSV or Parquet file, or a folder of them.
        time: name of the column of times, "" = found by its name, or by what is in it.
        channels: the columns that are read, () = all that hold numbers.

    Raises:
        TrainError: nothing can be read, columns are missing, or the files have different ones.
    """
    files = sorted(path for path in place.iterdir() if path.suffix in SUFFIXES) if place.is_dir() else [place]
    tables = [read_table(path, time, channels) for path in files]
    if not tables:
        raise TrainError(f"{place} holds no table ({', '.join(SUFFIXES)}); name a file of readings, or their folder")
    for table in tables:
        if table.channels != tables[0].channels:
            raise TrainError(
                f"{table.path} has the columns {', '.join(table.channels)} and {tables[0].path} has "
                f"{', '.join(tables[0].channels)}; name those that both have (--channels)"
            )
    return sorted(tables, key=lambda table: float(table.time_s[0]))


def read_table(path: Path, time: str, channels: Sequence[str]) -> Table:
    """One recording; see `read_tables`."""
    columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    name = time or _time_column(columns, path)
    missing = [one for one in (name, *channels) if one not in columns]
    if missing:
        raise TrainError(f"{path} has no column {', '.join(missing)}; it has {', '.join(columns)}")
    stamps = times(columns[name], name)
    wanted = tuple(channels) or tuple(one for one in columns if one != name and _numeric(columns[one]))
    if not wanted:
        raise TrainError(f"{path} has no column of numbers beside {name}")
    values = np.stack([_numbers(columns[one]) for one in wanted], axis=1)
    order = np.argsort(stamps, kind="stable")
    kept = order[np.isfinite(stamps[order])]
    if len(kept) < 2:
        raise TrainError(f"{path} has {len(kept)} rows with a time in the column {name}; name the right one (--time)")
    return Table(path, wanted, stamps[kept], values[kept])


def times(column: list[str] | F64, name: str) -> F64:
    """(N,) seconds of a column of times: ISO 8601, or numbers whose unit the column's name ends in; NaN where none."""
    numbers = _numbers(column)
    if np.isfinite(numbers).mean() > 0.5:
        return numbers * UNITS_S.get(name.rsplit("_", maxsplit=1)[-1].lower(), 1.0)
    return np.array([_moment(str(one)) for one in column])


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _time_column(columns: Columns, path: Path) -> str:
    """The column that is named like one of times; else the first that holds dates."""
    for name in columns:
        if name.lower() in TIME_NAMES or name.lower().startswith(("time", "date")):
            return name
    for name, column in columns.items():
        if not _numeric(column) and np.isfinite(times(column, name)).mean() > 0.5:
            return name
    raise TrainError(f"{path} has no column of times among {', '.join(columns)}; name it (--time)")


def _numeric(column: list[str] | F64) -> bool:
    return bool(np.isfinite(_numbers(column)).mean() > 0.5)


def _numbers(column: list[str] | F64) -> F64:
    if isinstance(column, np.ndarray):
        return column
    return np.array([_number(word) for word in column], np.float64)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _csv(path: Path) -> Columns:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            head = file.read(4096)
            file.seek(0)
            delimiter = max(",;\t", key=head.split("\n", maxsplit=1)[0].count)
            rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainError(f"{path} cannot be read as CSV: {error}; name a table with a heading") from error
    if len(rows) < 3:
        raise TrainError(f"{path} has {len(rows)} lines; a heading and at least two readings are needed")
    width = len(rows[0])
    whole = [row for row in rows[1:] if len(row) == width]
    return {name.strip(): [row[index] for row in whole] for index, name in enumerate(rows[0])}


def _parquet(path: Path) -> Columns:
    try:
        from pyarrow import ArrowException, parquet, types  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise TrainError(
            f"{path} is a Parquet file, and pyarrow is not installed: pip install 'foresight-edge[parquet]', or save "
            "it as CSV"
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise TrainError(f"{path} cannot be read as Parquet: {error}") from error
    found: Columns = {}
    for name in table.column_names:
        column = table.column(name)
        if types.is_temporal(column.type):
            found[name] = [str(one.isoformat()) if one is not None else "" for one in column.to_pylist()]
        else:
            found[name] = [("" if one is None else str(one)) for one in column.to_pylist()]
    return found
