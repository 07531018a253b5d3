"""A data set as its files tell it, before anything is believed: what every reader of a format gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from trainer.data.problem import Problem

ALL = "all"  # the one split of a data set that is not divided
Corners = tuple[float, float, float, float]


class Unit(StrEnum):
    """What the corners of boxes are measured in."""

    PIXELS = "pixels"
    FRACTIONS = "fractions"


@dataclass(frozen=True, slots=True)
class RawBox:
    """One box, unchecked. `where` is where in the source it stands: "line 3", "annotation 17"."""

    label: str
    corners: Corners  # x1, y1, x2, y2
    where: str


@dataclass(frozen=True, slots=True)
class RawPicture:
    """One picture, unchecked: the file may be absent, the boxes may lie anywhere."""

    path: Path
    source: Path  # the file that tells of it
    size: tuple[int, int] | None  # width and height in pixels as the source has them; None where it tells none
    unit: Unit
    boxes: tuple[RawBox, ...]


@dataclass(frozen=True, slots=True)
class RawSet:
    """What a reader found. `labels` is the format's own list, in its order; () = the names of the boxes, sorted."""

    labels: tuple[str, ...]
    splits: Mapping[str, Sequence[RawPicture]]
    problems: list[Problem] = field(default_factory=list)
