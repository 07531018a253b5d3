"""What a YOLO data set says of itself: the names of its classes, and which folders are its splits.

`data.yaml` (whatever it is called) with `names` as list or table and `train`, `val`, `test` as folders or lists of
files; or `classes.txt`, one name per line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from trainer.data.files import files_in, inside, read_text
from trainer.data.problem import Problem
from trainer.data.splits import NAMES
from trainer.errors import TrainError

LIMIT_BYTES = 1 << 20
MOST_CLASSES = 1 << 16
NAME_FILES = ("classes.txt", "obj.names", "labels/classes.txt")
Yaml: TypeAlias = "Mapping[str, Yaml] | list[Yaml] | str | int | float | None"


@dataclass(frozen=True, slots=True)
class YoloConfig:
    """Names by class number; () = it tells none. `places` are folders, lists of files or pictures, by split."""

    names: tuple[str, ...]
    places: Mapping[str, tuple[Path, ...]]


def read_config(folder: Path, problems: list[Problem]) -> YoloConfig:
    """What the folder says of itself; what is wrong with it is added to `problems`.

    Raises:
        TrainError: a file of it cannot be read.
    """
    for path in (*files_in(folder, ".yaml"), *files_in(folder, ".yml")):
        told = _yaml(path)
        if isinstance(told, Mapping) and ("names" in told or "train" in told):
            return YoloConfig(_names(path, told.get("names")), _places(folder, path, told, problems))
    listed = next((path for name in NAME_FILES if (path := folder / name).is_file()), None)
    lines = [] if listed is None else [line.strip() for line in read_text(listed, LIMIT_BYTES).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return YoloConfig(tuple(line or f"class {row}" for row, line in enumerate(lines)), {})


def _yaml(path: Path) -> Yaml:
    try:
        return yaml.safe_load(read_text(path, LIMIT_BYTES))
    except (yaml.YAMLError, RecursionError) as error:
        raise TrainError(f"{path} is no YAML: {' '.join(str(error).split())[:200]}; correct it") from error


def _names(path: Path, told: Yaml) -> tuple[str, ...]:
    if isinstance(told, Mapping):
        numbers = [int(key) if str(key).isdecimal() and len(str(key)) < 6 else MOST_CLASSES for key in told]
        if any(number >= MOST_CLASSES for number in numbers):
            raise TrainError(f"{path}: `names` has a key that is no class number; write them as `0: person`")
        named = dict(zip(numbers, (_name(path, one) for one in told.values()), strict=True))
        return tuple(named.get(row, f"class {row}") for row in range(max(numbers, default=-1) + 1))
    return tuple(_name(path, one) for one in told) if isinstance(told, list) else ()


def _name(path: Path, told: Yaml) -> str:
    if isinstance(told, str | int | float):  # `no` and `1` are names too; a list that holds itself is none
        return str(told)
    raise TrainError(f"{path}: `names` holds something that is no text; write them as `0: person`")


def _places(folder: Path, path: Path, told: Mapping[str, Yaml], problems: list[Problem]) -> dict[str, tuple[Path, ...]]:
    """Where the splits lie. `../train/images`, which some exporters write, means `train/images`."""
    found: dict[str, tuple[Path, ...]] = {}
    for key, value in told.items():
        if key not in NAMES or not value:
            continue
        for one in value if isinstance(value, list) else [value]:
            try:
                place = inside(folder, _shortened(folder, _text(one), _text(told.get("path"))))
            except TrainError as error:
                problems.append(Problem(path, f"`{key}`: {error}; not followed", "write it relative to the folder"))
                continue
            if place.exists():
                found[NAMES[key]] = (*found.get(NAMES[key], ()), place)
            else:
                told_missing = f"`{key}`: there is no {place}"
                problems.append(Problem(path, told_missing, "correct the path, or put the pictures there"))
    return found


def _text(told: Yaml) -> str:
    return told if isinstance(told, str) else ""


def _shortened(folder: Path, name: str, base: str) -> str:
    """A place as seen from the folder, whatever the writer's machine called the folder itself."""
    while name.startswith("../"):
        name = name[3:]
    inner = base.strip("./")
    if inner and not base.startswith(("/", "..")) and (folder / inner).is_dir() and inner != folder.name:
        name = f"{inner}/{name}"
    return name
