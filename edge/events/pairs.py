"""Which pairs of objects are worth a closer look: arrays over all pairs, and a cheap bound."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, I64, Mask
from edge.events.encounter import units
from edge.events.life import Life
from edge.events.paths import Paths

MOST = 64  # pairs looked at closely at a time, the nearest ones
REACH = np.float32(3.0)  # standard deviations beyond which nothing is taken to be possible


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """P pairs of rows of the paths: first of each the one whose label stands first in the settings."""

    row: I64  # (P, 2)
    unit: F32  # (P, 2) what their distance is measured in
    distance: F32  # (P,) now, in sizes

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, chosen: Mask | I64) -> "Pairs":
        return Pairs(self.row[chosen], self.unit[chosen], self.distance[chosen])

    @classmethod
    def none(cls) -> "Pairs":
        """No pair."""
        return cls(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.float32), np.zeros(0, np.float32))


class PairFinder:
    """Finds the pairs of objects whose labels may not meet.

    Args:
        pairs: of labels; the second of each must be moving.
        min_speed: what counts as moving, sizes per second.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]], min_speed: float) -> None:
        names = sorted({label for pair in pairs for label in pair})
        self._code = {name: code for code, name in enumerate(names)}
        self._wanted = np.zeros((len(names), len(names)), bool)
        for first, second in pairs:
            self._wanted[self._code[first], self._code[second]] = True
        self._min_speed = min_speed

    def find(self, rows: Sequence[int], lives: Sequence[Life], paths: Paths) -> Pairs:
        """All pairs among these objects (rows of the paths) whose labels are wanted and that move as they must."""
        known = [
            (row, life, self._code[life.label])
            for row, life in zip(rows, lives, strict=True)
            if life.is_object and life.label in self._code
        ]
        if len(known) < 2:
            return Pairs.none()
        row, code = (np.array([each[n] for each in known], np.int64) for n in (0, 2))
        size: F32 = np.array([life.unit for _, life, _ in known], np.float32)
        moves = self._moves(paths, row, size)
        wanted = self._wanted[code[:, None], code] & moves
        wanted &= ~(wanted.T & np.tri(len(known), dtype=bool))  # a pair that is wanted both ways is one
        np.fill_diagonal(wanted, False)
        first, second = np.nonzero(wanted)
        unit = units(size[first], size[second])
        apart = (paths.point[row[second], 0, 0] - paths.point[row[first], 0, 0]) / unit
        return Pairs(np.stack([row[first], row[second]], axis=1), unit, np.hypot(apart[:, 0], apart[:, 1]))

    def _moves(self, paths: Paths, row: I64, size: F32) -> Mask:
        """Which objects (N,) move, by where they are at the first horizon on their likeliest path."""
        if len(paths.t_s) < 2:
            return np.zeros(len(row), bool)
        likeliest = paths.point[row, paths.weight[row].argmax(axis=1)]
        step = (likeliest[:, 1] - likeliest[:, 0]) / size
        speed: F32 = np.hypot(step[:, 0], step[:, 1]) / paths.t_s[1]
        return speed >= self._min_speed


def may_meet(pairs: Pairs, paths: Paths, limit: float) -> Pairs:
    """Those that come into each other's reach on any of their paths, at whatever time: at most so many, nearest first.

    Never leaves out a pair that comes nearer than the limit within `REACH` standard deviations, but for the number.
    """
    spread = (paths.sigma * REACH)[..., None]
    low, high = (paths.point - spread).min(axis=(1, 2)), (paths.point + spread).max(axis=(1, 2))
    first, second = pairs.row.T
    margin = pairs.unit * np.float32(limit)
    meets = ((low[first] - margin <= high[second]) & (low[second] - margin <= high[first])).all(axis=1)
    found = pairs[meets]
    return found if len(found) <= MOST else found[np.argsort(found.distance, kind="stable")[:MOST]]
