"""Rows of recordings: CSV with a line of names, or Parquet."""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from edge.contracts.errors import MessageError, SourceError
from edge.sensors.payload import number
from edge.sensors.times import epoch_s

Row = Mapping[str, object]
_TIMES = ("time", "timestamp", "datetime", "date", "ts", "utc", "utc_ns", "last_seen", "t")  # by the first of these
_LOOKED_AT = 20  # rows in which it is found out what a column holds
_BATCH = 1024


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, one at a time.

    Raises:
        SourceError: it cannot be read, or is of another kind; says what to do.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(f"{path} is no file of readings; known are {', '.join(READERS)}")
    return reader(path)


def _read_csv(path: Path, separator: str = "") -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline(csv.field_size_limit())
            names = [name.strip() for name in next(csv.reader([head], delimiter=separator or _separator(head)), [])]
            if len(set(names)) != len(names) or not any(names):
                raise SourceError(f"{path}: its first line must name the columns, each once; it is {head[:60]!r}")
            for cells in csv.reader(file, delimiter=separator or _separator(head)):
                if cells:
                    yield dict(zip(names, cells, strict=False))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as CSV: {error}") from error


def _separator(head: str) -> str:
    return max(",;\t|", key=head.count)


def _read_tsv(path: Path) -> Iterator[Row]:
    return _read_csv(path, "\t")


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        import duckdb  # noqa: PLC0415 - a device without such files does without it
        import pytz  # noqa: F401, PLC0415 - without it times with a zone are refused when they are met
    except ImportError as error:
        raise SourceError(
            f"{path}: Parquet needs a library; `pip install 'foresight-edge[parquet]'` brings it, or write CSV"
        ) from error
    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as database:
            found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description]
            while rows := found.fetchmany(_BATCH):
                yield from (dict(zip(names, row, strict=True)) for row in rows)
    except (OSError, duckdb.Error) as error:
        raise SourceError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from error


READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".parquet": _read_parquet,
}


def time_column(path: Path, wanted: str = "") -> str:
    """The column that says when a row was read; "" where none does.

    Args:
        path: of the file.
        wanted: as the configuration names it.

    Raises:
        SourceError: there is none of that name.
    """
    rows = _first(path)
    names = list(rows[0]) if rows else []
    if wanted and rows and wanted not in names:
        raise SourceError(f"{path} has no column {wanted}; it has {', '.join(names)[:200]}")
    if wanted:
        return wanted
    known = sorted((name for name in names if _rank(name) < len(_TIMES)), key=_rank)
    dated = [
        name for name in names if any(isinstance(row.get(name), str | date) and _is_date(row[name]) for row in rows)
    ]
    return next((name for name in (*known, *dated) if all(_is_time(row.get(name)) for row in rows)), "")


def number_columns(path: Path, time: str) -> tuple[str, ...]:
    """The columns that hold numbers, the time's aside."""
    rows = _first(path)
    return tuple(
        name for name in (rows[0] if rows else ()) if name != time and any(_is_number(r.get(name)) for r in rows)
    )


def _first(path: Path) -> list[Row]:
    return [row for _, row in zip(range(_LOOKED_AT), read_rows(path), strict=False)]


def _rank(name: str) -> int:
    """How surely a name is that of a time: `time_ms` is, `uptime` and `timeout` are not."""
    plain = name.lower().strip()
    parts = [plain, *plain.replace("-", "_").replace(" ", "_").split("_")]
    return min((_TIMES.index(part) for part in parts if part in _TIMES), default=len(_TIMES))


def _is_time(value: object) -> bool:
    with suppress(MessageError):
        epoch_s(value)
        return True
    return False


def _is_date(value: object) -> bool:
    return not _is_number(value) and _is_time(value)


def _is_number(value: object) -> bool:
    with suppress(MessageError):
        number(value)
        return True
    return False
