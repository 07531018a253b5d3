"""The training log: a CSV with a heading, one row for each logged step, its column `step` and any number of others."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.errors import EdgeError


class LogError(EdgeError):
    """A training log cannot be read."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One column of the log; steps at which it was not logged are left out."""

    name: str
    step: tuple[float, ...]
    value: tuple[float, ...]

    @property
    def file_name(self) -> str:
        """The name as part of a file's name."""
        return re.sub(r"[^a-zA-Z0-9]+", "_", self.name)


def read_training(path: Path) -> tuple[Curve, ...]:
    """The curves of a log, in the order of its columns; columns without a single number are left out.

    Raises:
        LogError: it cannot be read, or has no column `step`.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(f"the training log {path} cannot be read: {error}; name the CSV of the run folder") from error
    names = list(rows[0]) if rows else []
    if rows and "step" not in names:
        raise LogError(f"the training log {path} has no column step but {', '.join(map(str, names))}")
    curves = []
    for name in names:
        points = [(_number(row["step"]), _number(row[name])) for row in rows]
        kept = [point for point in points if all(map(math.isfinite, point))]
        if name and name != "step" and kept:
            steps, values = zip(*kept, strict=True)
            curves.append(Curve(name, steps, values))
    return tuple(curves)


def _number(word: str | None) -> float:
    try:
        return float(word or "nan")
    except ValueError:
        return math.nan
