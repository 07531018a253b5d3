"""Recordings with one class each: what readers give and everything else takes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.types import F32, I64

SOUND: tuple[str, ...] = ("sound",)  # channels of sounds
ALL = ""  # part of a recording whose data set is not divided


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One of them. `group` names what recordings have in common, a speaker or a session."""

    path: Path
    label: int
    group: str
    part: str  # "train", "validation", "test", or `ALL`
    values: F32  # (N, C)


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """All of a data set. Samples follow on each other with `rate_hz` of them per second, the same for all."""

    labels: tuple[str, ...]
    channels: tuple[str, ...]  # C names, `SOUND` of sounds
    rate_hz: float
    rows: tuple[Recording, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sounds(self) -> bool:
        """Whether these are sounds, and not values of a sensor."""
        return self.channels == SOUND

    @property
    def label(self) -> I64:
        """(P,) class of each."""
        return np.array([row.label for row in self.rows], np.int64)

    def take(self, rows: Iterable[int]) -> "Recordings":
        """Only these."""
        return replace(self, rows=tuple(self.rows[row] for row in rows))

    def part(self, name: str) -> "Recordings":
        """Only those of a part."""
        return replace(self, rows=tuple(row for row in self.rows if row.part == name))

    def words(self) -> str:
        """What there is, in a line."""
        count = Counter(row.label for row in self.rows)
        told = ", ".join(f"{name} {count[index]}" for index, name in enumerate(self.labels))
        groups = len({row.group for row in self.rows})
        kind = "sounds" if self.sounds else f"recordings of {', '.join(self.channels)}"
        return f"{len(self)} {kind} in {groups} group{'s' if groups != 1 else ''}: {told}"
