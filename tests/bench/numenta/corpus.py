"""The 58 series of the Numenta Anomaly Benchmark, the windows of their anomalies, and scores that others published."""

import csv
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.contracts.types import F64


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """One file: n readings of one value, and where its anomalies are."""

    name: str  # "folder/file.csv", as the labels name it
    t_s: F64  # (n,) seconds of the time stamps; they may repeat or jump
    value: F64  # (n,)
    windows: tuple[tuple[int, int], ...]  # first and last row of each anomaly's window, ascending

    @property
    def folder(self) -> str:
        """The group that the file belongs to."""
        return self.name.split("/")[0]


def load(folder: Path) -> list[Series]:
    """Every series of the benchmark, by name."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    return [_series(folder / "data" / name, name, labels[name]) for name in sorted(labels)]


def published(folder: Path, detector: str) -> dict[str, F64]:
    """A detector's scores, one per row, by the name of the series."""
    scores: dict[str, list[float]] = {}
    with gzip.open(folder / "published_scores" / f"{detector}.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            scores.setdefault(row["file"], []).append(float(row["anomaly_score"]))
    return {name: np.array(column) for name, column in scores.items()}


def _series(path: Path, name: str, windows: list[list[str]]) -> Series:
    with path.open(newline="") as file:
        rows = [(_seconds(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    t_s = [t for t, _ in rows]
    spans = tuple((t_s.index(_seconds(first)), t_s.index(_seconds(last))) for first, last in windows)
    return Series(name, np.array(t_s), np.array([value for _, value in rows]), spans)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
