"""Readings of sensors from CSV and Parquet files, read as the daemon reads its recordings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from edge.contracts.errors import MessageError, SourceError
from edge.contracts.types import F64
from edge.sensors.rows import READERS, Row, number_columns, read_rows, time_column
from edge.sensors.times import epoch_s, unit_of_name
from trainer.errors import TrainError

LARGEST = 1e15  # of a reading: squares of what is beyond are no numbers to a network


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
    if not place.exists():
        raise TrainError(f"{place} is not there; name a file of readings, or a folder of them")
    whole = place.is_dir()
    files = sorted(path for path in place.iterdir() if path.suffix.lower() in READERS) if whole else [place]
    try:
        tables = [read_table(path, time, channels) for path in files]
    except SourceError as error:
        raise TrainError(str(error)) from error
    if not tables:
        raise TrainError(f"{place} holds no table ({', '.join(READERS)}); name a file of readings, or their folder")
    for table in tables:
        if table.channels != tables[0].channels:
            raise TrainError(
                f"{table.path} has the columns {', '.join(table.channels)} and {tables[0].path} has "
                f"{', '.join(tables[0].channels)}; name those that both have (--channels)"
            )
    _refuse_twins(tables)
    return sorted(tables, key=lambda table: float(table.time_s[0]))


def _refuse_twins(tables: Sequence[Table]) -> None:
    """What is learnt from must not be there once more to be judged by."""
    seen: dict[bytes, Path] = {}
    for table in tables:
        twin = seen.setdefault(table.time_s.tobytes() + table.values.tobytes(), table.path)
        if twin != table.path:
            raise TrainError(f"{table.path} and {twin} hold the same readings; take one of them out of the folder")


def read_table(path: Path, time: str, channels: Sequence[str]) -> Table:
    """One recording; see `read_tables`.

    Raises:
        SourceError: the file cannot be read, or has no such column of times.
        TrainError: it has no such channels, or no readings.
    """
    name = time_column(path, time)
    if not name:
        raise TrainError(f"{path} has no column of times, or no rows; name it (--time)")
    if len(set(channels)) < len(channels) or name in channels:
        raise TrainError(f"--channels {','.join(channels)}: name each column once, and not that of the times, {name}")
    rows = list(read_rows(path))
    missing = [one for one in channels if rows and one not in rows[0]]
    if missing:
        raise TrainError(f"{path} has no column {', '.join(missing)}; it has {', '.join(rows[0])}")
    wanted = tuple(channels) or number_columns(path, name)
    if not wanted:
        raise TrainError(f"{path} has no column of numbers beside {name}")
    unit_s = unit_of_name(name)
    stamps = np.array([_stamp(row.get(name), unit_s) for row in rows])
    values = np.array([[_number(row, one) for one in wanted] for row in rows]).reshape(len(rows), len(wanted))
    for column, one in zip(values.T, wanted, strict=True):
        if (abs(column[np.isfinite(column)]) > LARGEST).any():
            raise TrainError(
                f"{path} holds {np.nanmax(abs(column)):g} in the column {one}, which is no reading; correct it, or "
                "leave the column out (--channels)"
            )
    order = np.argsort(stamps, kind="stable")
    kept = order[np.isfinite(stamps[order])]
    if len(kept) < 2:
        raise TrainError(f"{path} has {len(kept)} rows with a time in the column {name}; name the right one (--time)")
    return Table(path, wanted, stamps[kept], values[kept])


def _stamp(value: object, unit_s: float) -> float:
    try:
        return epoch_s(value, unit_s)
    except MessageError:
        return math.nan


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    try:
        return float(value) if isinstance(value, str | int | float | Decimal) else math.nan
    except ValueError:
        return math.nan
