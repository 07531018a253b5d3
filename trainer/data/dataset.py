"""Labelled pictures as everything in the trainer sees them, whatever format they were read from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.contracts.types import F32, I64


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture and what is in it. Its pixels are read when they are needed."""

    path: Path
    width: int  # pixels
    height: int
    box: F32  # (N, 4) x1, y1, x2, y2 as fractions of the picture
    label: I64  # (N,) indices into `Dataset.labels`

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Pictures with boxes of one list of labels."""

    labels: tuple[str, ...]
    pictures: tuple[Picture, ...]

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, indices: Sequence[int]) -> "Dataset":
        """Some of the pictures, in that order."""
        return replace(self, pictures=tuple(self.pictures[index] for index in indices))
