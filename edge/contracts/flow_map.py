"""How paths bend at each place of one camera's view, beside what the trajectory network foresees.

A network that sees each track turned to its heading from where it is cannot know that people turn into the doorway on
the left. A flow map can: it holds, for places and motions that were seen there, by how much the network was off on
average, and shifts its forecasts by that. It is a kernel regression of the forecast's residual on place and motion
(Nadaraya, "On estimating regression", 1964), drawn towards nothing where little was seen, on cells in place of single
samples; a "map of dynamics" as robots keep of where people walk (Kucner et al., "Enabling flow awareness for mobile
robots in partially observable environments", 2017).

Lengths are those of `Past`: heights of the frame, or metres. Letters: n tracks, K horizons, C cells.
"""

from dataclasses import dataclass, field
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
_ROWS = 16  # tracks that are looked up at a time: what that takes stays in the cache


@dataclass(frozen=True, eq=False, slots=True)
class FlowMap:
    """What was seen in C cells. No cells: forecasts stay as they are."""

    cell: F64  # (C, 5) x, y, direction in radians, logarithm of the speed in lengths per second, length
    tracks: F64  # (C, K) that told of each horizon
    residual: F64  # (C, K, 2) mean of where they were, less where they were foreseen, in lengths
    _terms: F64 = field(init=False, repr=False)  # (7, C) of the cells
    _told: F64 = field(init=False, repr=False)  # (C, 3 K) of each horizon the tracks, and the sum of their residuals

    def __post_init__(self) -> None:
        c, k = self.tracks.shape
        total = (self.tracks[..., None] * self.residual).reshape(c, 2 * k)
        object.__setattr__(self, "_terms", terms(self.cell))
        object.__setattr__(self, "_told", np.concatenate([self.tracks, total], axis=1))

    def __len__(self) -> int:
        return len(self.cell)

    def shift(self, place: F32) -> F64:
        """(n, K, 2) by how much forecasts are to be shifted for tracks at these places (n, 8), see `places`."""
        n, k = len(place), self.tracks.shape[1]
        found = np.zeros((n, k, 2))
        moving = np.flatnonzero(moves(place)) if len(self) else np.zeros(0, np.int64)
        for begin in range(0, len(moving), _ROWS):
            rows = moving[begin : begin + _ROWS]
            told = np.exp(-0.5 * apart(motions(place[rows]), self._terms)) @ self._told
            length = place[rows, 4].astype(np.float64)
            found[rows] = told[:, k:].reshape(-1, k, 2) * (length[:, None] / (told[:, :k] + PRIOR))[..., None]
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
        if (table[:, _CELL : _CELL + k] < 0).any():
            raise ModelError("a flow map tells of less than no tracks; it is not used")
        table = table[table[:, _CELL : _CELL + k].any(axis=1)]
        return cls(table[:, :_CELL], table[:, _CELL : _CELL + k], table[:, _CELL + k :].reshape(-1, k, 2))


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


def terms(cell: F64) -> F64:
    """(7, C) what `apart` takes of motions (C, 5)."""
    x, y, direction, pace = cell.T[:4]
    return np.stack([np.ones(len(cell)), x, y, x**2 + y**2, pace, pace**2, direction])


def apart(one: F64, other: F64) -> F64:
    """(n, C) squared distances in standard deviations of the kernel, which reaches as far as the one's length.

    Args:
        one: (n, 5) motions.
        other: (7, C) `terms` of motions: of (a - b)^2 = a^2 - 2 a b + b^2 all but the direction is one product.
    """
    x, y, direction, pace = one.T[:4]
    near, alike = (REACH * one[:, 4]) ** -2, np.full(len(one), PACE**-2)
    own = (x**2 + y**2) * near + pace**2 * alike
    found: F64 = np.stack([own, -2 * x * near, -2 * y * near, near, -2 * pace * alike, alike], axis=1) @ other[:6]
    turn = np.abs(direction[:, None] - other[6])
    np.minimum(turn, 2 * np.pi - turn, out=turn)
    turn *= 1 / TURN
    turn *= turn
    found += turn
    np.maximum(found, 0.0, out=found)  # what is rounded of large squares may be less
    return found
