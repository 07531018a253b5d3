"""What readers of recorded tracks make of their files: scenes with tracks whose identities are known.

Letters in shapes: n samples of one track.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge.contracts.types import F64, U8
from trainer.data.problem import Problem

Picture = Callable[[float], U8 | None]  # of a time in seconds: (h, w, 3) BGR, None where there is none


class Unit(StrEnum):
    """What lengths of a scene are."""

    HEIGHTS = "heights"  # of the picture, on both axes; y down
    METRES = "metres"  # on the ground


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """One object, as long as it was seen."""

    id: str
    label: str
    t_s: F64  # (n,) ascending
    position: F64  # (n, 2) of the centre
    size: F64  # (n, 2) of the box, NaN in metres

    def __post_init__(self) -> None:
        n = len(self.t_s)
        if self.t_s.shape != (n,) or self.position.shape != (n, 2) or self.size.shape != (n, 2) or not n:
            raise ValueError(f"t_s (n,) must have position and size (n, 2), n > 0; got {self.position.shape}")
        if not (np.diff(self.t_s) > 0).all():
            raise ValueError(f"the times of track {self.id} must ascend")


def no_picture(_t_s: float) -> None:
    """Of scenes whose pictures are not at hand."""
    return


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """Tracks of one place and one time."""

    name: str
    unit: Unit
    aspect: float  # width / height of the picture, 1 in metres
    tracks: tuple[Track, ...]
    part: str = ""  # "train", "val" or "test" where its place says so
    picture: Picture = no_picture


@dataclass(frozen=True, eq=False, slots=True)
class Recorded:
    """All that was read, and what is wrong with it."""

    scenes: tuple[Scene, ...]
    problems: tuple[Problem, ...]

    @property
    def tracks(self) -> int:
        """How many there are."""
        return sum(len(scene.tracks) for scene in self.scenes)
