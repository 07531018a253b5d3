"""Boxes in csv tables: filename,width,height,class,xmin,ymin,xmax,ymax in pixels, one row per box, one file per split.

A row whose last five fields are empty is a picture without objects.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from trainer.data.files import files_in, folders_in, inside, name_key, read_text
from trainer.data.problem import Problem, warning
from trainer.data.raw import ALL, RawBox, RawPicture, RawSet, Unit
from trainer.data.splits import settled, split_of
from trainer.errors import TrainError

EDGES = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("filename", "width", "height", "class", *EDGES)
LOOKED_FOR = "*.csv with the columns " + ",".join(COLUMNS)
LIMIT_BYTES = 1 << 28
DEPTH = 1  # folders below the data's own in which tables are looked for
PLACES = ("", "images", "JPEGImages", "pictures")  # of pictures, beside a table or in the data's folder


def looks_like_csv(folder: Path) -> bool:
    """Whether there is such a table."""
    return bool(_tables(folder))


def read_csv(folder: Path) -> RawSet:
    """Read the tables; those that no split is named after are left out where others are."""
    problems: list[Problem] = []
    tables = {path: split_of(path.parent.name if path.parent != folder else "", path.stem) for path in _tables(folder)}
    divided = set(tables.values()) - {ALL}
    splits: dict[str, list[RawPicture]] = {}
    for path, split in tables.items():
        if divided and split == ALL:
            told = "it belongs to no split, and the tables beside it do; not read"
            problems.append(warning(path, told, "fine, if it is their sum; else name its split in its name"))
            continue
        splits.setdefault(split, []).extend(_pictures(folder, path, problems))
    return RawSet((), settled(splits), problems)


def _tables(folder: Path) -> list[Path]:
    return [path for place in folders_in(folder, DEPTH) for path in files_in(place, ".csv") if _is_table(path)]


def _is_table(path: Path) -> bool:
    with path.open("rb") as file:
        heading = file.readline(4096).decode("utf-8-sig", "replace")
    return {name.strip().strip('"') for name in heading.split(",")} >= set(COLUMNS)


def _pictures(folder: Path, table: Path, problems: list[Problem]) -> list[RawPicture]:
    boxes: dict[str, list[RawBox]] = {}
    sizes: dict[str, tuple[int, int] | None] = {}
    reader = csv.DictReader(io.StringIO(read_text(table, LIMIT_BYTES)), skipinitialspace=True)
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    for row in _rows(table, reader):
        try:
            box = _box(row, f"line {reader.line_num}")
            inside(folder, row["filename"])
        except (TrainError, ValueError, TypeError, KeyError) as error:
            told = f"line {reader.line_num}: {error}; left out"
            problems.append(Problem(table, told, f"give it as {','.join(COLUMNS)}"))
            continue
        boxes.setdefault(row["filename"], []).extend(() if box is None else (box,))
        sizes[row["filename"]] = _size(row)
    return [
        RawPicture(_found(folder, table, name), table, sizes[name], Unit.PIXELS, tuple(boxes[name]))
        for name in sorted(boxes, key=lambda name: name_key(Path(name)))
    ]


def _rows(table: Path, reader: "csv.DictReader[str]") -> Iterator[Mapping[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise TrainError(f"{table}, line {reader.line_num}: {error}; it is no table, export it again") from error


def _box(row: Mapping[str, str], where: str) -> RawBox | None:
    if any(row[name] is None for name in COLUMNS):
        raise ValueError("the row is too short")
    if not any(row[name].strip() for name in ("class", *EDGES)):
        return None
    x1, y1, x2, y2 = (float(row[name]) for name in EDGES)
    label = row["class"].strip()
    if not label:
        raise ValueError("a box without a class")
    return RawBox(label, (x1, y1, x2, y2), where)


def _size(row: Mapping[str, str]) -> tuple[int, int] | None:
    try:
        width, height = int(row["width"]), int(row["height"])
    except (ValueError, TypeError):
        return None
    return (width, height) if min(width, height) > 0 else None


def _found(folder: Path, table: Path, name: str) -> Path:
    places = [base / place for base in (table.parent, folder) for place in PLACES]
    options = [inside(place, name) for place in places]
    return next((path for path in options if path.is_file()), options[-len(PLACES) + 1])
