"""Small reservoirs of samples, and what they hold."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from edge.learning.division import Part, period_of
from edge.learning.keeping import Age
from edge.learning.reservoir import Reservoir
from edge.learning.sample import Batch, Sample
from edge.learning.settings import LearningSettings

SHAPES = {"window": (2, 1), "known": (2,)}
SPAN_S = 1.0
SETTINGS = LearningSettings(samples=100, holdout=0.25)
PERIOD_S = period_of(SPAN_S, SETTINGS.holdout)


def sample(value: float, begin_s: float = 0.0, group: str = "", stratum: str = "a") -> Sample:
    arrays = {"window": np.full((2, 1), value, np.float32), "known": np.ones(2, np.float32)}
    return Sample(arrays, begin_s, begin_s + SPAN_S, group, stratum, 1.0)


def reservoir(folder: Path, settings: LearningSettings = SETTINGS, form: str = "form") -> Reservoir:
    return Reservoir(folder / "samples.db", SHAPES, form, SPAN_S, settings)


def values(batch: Batch) -> list[float]:
    return batch.arrays["window"][:, 0, 0].tolist()


def kept(of: Reservoir, part: Part = Part.LEARN) -> list[float]:
    return sorted(values(of.read(part, Age.RECENT)) + values(of.read(part, Age.OLD)))


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What the file says, in another connection."""
    with contextlib.closing(sqlite3.connect(folder / "samples.db")) as database:
        return database.execute(query).fetchall()
