"""How paths bend at each place of one camera's view, beside what the trajectory network foresees.

A network that sees each track turned to its heading from where it is cannot know that people turn into the doorway on
the left. A flow map can: it holds, for places and motions that were seen there, by how much the network was off on
average, and shifts its forecasts by that. It is a kernel regression of the forecast's residual on place and motion
(Nadaraya, "On estimating regression", 1964), drawn towards nothing where little was seen, on cells in place of single
samples; a "map of dynamics" as robots keep of where people walk (Kucner et al., "Enabling flow awareness for mobile
robots in partially observable environments", 2017).

Lengths are those of `Past`: heights of the frame, or metres. Letters: n tracks, K horizons, C cells.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.track_windows import MOTION_COLUMNS, POSITION_UNIT, Encoded
from edge.contracts.types import F32, F64
from edge.contracts.windows import TrackWindow

CELLS = 1024  # at most
REACH = 0.8  # lengths of the object: standard deviation of the kernel in place
TURN, PACE = 0.25, 0.25  # radians, and logarithm of speed: the same of motion
STILL = 0.15  # lengths per second: whoever moves slower has no motion to go by, and is not shifted
PRIOR = 2.0  # tracks that are taken to have gone as the network foresaw, at every place
SMOOTHED_STEPS = 4  # of the grid, over which motion is measured
PLACE_COLUMNS = ("x", "y", "velocity_x", "velocity_y", "length", "scale", "heading_cos", "heading_sin")
_CELL = 5  # x, y, direction, logarithm of speed in lengths per second, length


@dataclass(frozen=True, eq=False, slots=True)
class FlowMap:
    """What was seen in C cells. No cells: forecasts stay as they are."""

    cell: F64  # (C, 5) x, y, direction in radians, logarithm of the speed in lengths per second, length
    tracks: F64  # (C, K) that told of each horizon
    residual: F64  # (C, K, 2) mean of where they were, less where they were foreseen, in lengths

    def __len__(self) -> int:
        return len(self.cell)

    def shift(self, place: F32) -> F64:
        """(n, K, 2) by how much forecasts are to be shifted for tracks at these places (n, 8), see `places`."""
        n, k = len(place), self.tracks.shape[1]
        found = np.zeros((n, k, 2))
        rows = np.flatnonzero(moves(place))
        if len(self) and len(rows):
            kernel = np.exp(-0.5 * apart(motions(place[rows]), self.cell))
            seen = kernel @ self.tracks
            pulled = kernel @ (self.tracks[..., None] * self.residual).reshape(len(self), k * 2)
            length = place[rows, 4].astype(np.float64)
            found[rows] = pulled.reshape(-1, k, 2) * (length[:, None] / (seen + PRIOR))[..., None]
        return found

    def numbers(self) -> F32:
        """All of it as (numbers_of(K),), padded with cells in which nothing was seen."""
        c, k = self.tracks.shape
        table = np.zeros((CELLS, _CELL + 3 * k), np.float32)
        table[:c, :_CELL], table[:c, _CELL : _CELL + k] = self.cell, self.tracks
        table[:c, _CELL + k :] = self.residual.reshape(c, 2 * k)
        return table.ravel()

    @classmethod
    def of(cls, numbers: F32, horizons: int) -> Self:
        """`numbers` undone. Raises ModelError: they are no flow map for so many horizons."""
        k = horizons
        if numbers.shape != (numbers_of(k),) or not np.isfinite(numbers).all():
            raise ModelError(f"{numbers.shape} numbers are no flow map of {k} horizons; it is not used")
        table = numbers.reshape(CELLS, _CELL + 3 * k).astype(np.float64)
        table = table[table[:, _CELL : _CELL + k].max(axis=1) > 0]
        tracks, residual = table[:, _CELL : _CELL + k], table[:, _CELL + k :].reshape(-1, k, 2)
        if (tracks < 0).any():
            raise ModelError("a flow map tells of less than no tracks; it is not used")
        return cls(table[:, :_CELL], tracks, residual)


def numbers_of(horizons: int) -> int:
    """How many numbers a flow map has."""
    return CELLS * (_CELL + 3 * horizons)


def places(encoded: Encoded, length: F64, window: TrackWindow) -> F32:
    """(n, 8) where tracks are and how they move, as `PLACE_COLUMNS` names it.

    Args:
        encoded: of the tracks.
        length: (n,) of each object: the height of its box, or 1 metre.
        window: of the network.
    """
    at_x, at_present = MOTION_COLUMNS.index("x"), MOTION_COLUMNS.index("present")
    own = encoded.x[..., at_x : at_x + 2].astype(np.float64) * POSITION_UNIT
    present = encoded.x[..., at_present] > 0
    reach = min(SMOOTHED_STEPS, window.samples - 1)
    back = np.full(len(encoded), 1)
    for steps in range(2, reach + 1):
        back[present[:, -1 - steps]] = steps
    row = np.arange(len(encoded))
    gone = (own[row, -1] - own[row, -1 - back]) * (encoded.scale / (back * window.step_s))[:, None]
    gone[~present[row, -1 - back]] = 0.0
    velocity = (gone.view(np.complex128)[:, 0] * (encoded.heading[:, 0] + 1j * encoded.heading[:, 1])).view(np.float64)
    columns = (encoded.origin, velocity.reshape(-1, 2), length[:, None], encoded.scale[:, None], encoded.heading)
    return np.concatenate(columns, axis=1).astype(np.float32)


def moves(place: F32) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """(n,) who moves enough to have a direction."""
    return np.hypot(place[:, 2], place[:, 3]) > STILL * place[:, 4]


def motions(place: F32) -> F64:
    """(n, 5) of places (n, 8), as a flow map's cells have them; all of them move."""
    wide = place.astype(np.float64)
    speed = np.hypot(wide[:, 2], wide[:, 3]) / wide[:, 4]
    return np.stack([wide[:, 0], wide[:, 1], np.arctan2(wide[:, 3], wide[:, 2]), np.log(speed), wide[:, 4]], axis=1)


def apart(one: F64, other: F64) -> F64:
    """(n, C) squared distances of motions (n, 5) and (C, 5), in standard deviations of the kernel."""
    off = (one[:, None, :2] - other[None, :, :2]) / (REACH * one[:, None, 4:5])
    turn = np.abs(one[:, None, 2] - other[None, :, 2])
    turn = np.minimum(turn, 2 * np.pi - turn) / TURN
    pace = (one[:, None, 3] - other[None, :, 3]) / PACE
    found: F64 = (off**2).sum(axis=2) + turn**2 + pace**2
    return found
