"""The three lists of a COCO file, each row an object; what is in the rows is for the reader to judge."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.data.files import read_bytes
from trainer.errors import TrainError

LIMIT_BYTES = 1 << 30
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CocoFile:
    """What a file holds; `names` are the categories by their id, in the order of the ids."""

    path: Path
    images: tuple[Row, ...]
    annotations: tuple[Row, ...]
    names: Mapping[str, str]


def read_coco_file(path: Path) -> CocoFile:
    """Read one file.

    Raises:
        TrainError: it is no JSON, or has not the lists that COCO has.
    """
    try:
        told = json.loads(read_bytes(path, LIMIT_BYTES))
    except (ValueError, RecursionError) as error:
        raise TrainError(f"{path} is no JSON: {error}; export it again") from error
    if not isinstance(told, dict):
        raise TrainError(f"{path} is not COCO: an object with images, annotations and categories is needed")
    images, annotations, categories = (_rows(path, told, key) for key in ("images", "annotations", "categories"))
    return CocoFile(path, images, annotations, _names(path, categories))


def number(value: object, where: str) -> float:
    """A finite number.

    Raises:
        TrainError: it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 and math.isfinite(value):
        return float(value)
    raise TrainError(f"{where} has {str(value)[:20]!r} where a number is needed")


def _rows(path: Path, told: Mapping[str, object], key: str) -> tuple[Row, ...]:
    rows = told.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TrainError(f"{path} is not COCO: `{key}` must be a list of objects")
    return tuple(rows)


def _names(path: Path, categories: tuple[Row, ...]) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in sorted(categories, key=lambda row: (0, row["id"], "") if _is_id(row) else (1, 0, str(row.get("id")))):
        name = row.get("name")
        if not isinstance(name, str) or not name.strip() or str(row.get("id")) in names:
            raise TrainError(f"{path}: category {row.get('id')!r} has no name, or stands there twice; correct it")
        names[str(row.get("id"))] = name.strip()
    return names


def _is_id(row: Row) -> bool:
    return isinstance(row.get("id"), int)
