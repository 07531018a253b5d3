"""Holds what was forecast against what then happened.

Now and then the forecasts of a moment are kept until their times have come. A forecast counts only where its object
was really seen shortly before that time and shortly after; between the two looks it went straight.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64

MOST_MOMENTS = 64  # kept at a time
MOST_TRACKS = 32  # of each
LONGEST_GAP_S, GAP_SHARE = 0.5, 0.5  # between the two looks; of a far horizon, at most this share


@dataclass(frozen=True, eq=False, slots=True)
class Said:
    """What F forecasters said of n objects at one moment, in frame heights."""

    t_s: float
    id: I64  # (n,)
    scale: F64  # (n,) height of each object's box
    centre: F64  # (F, n, K, 2)
    sigma: F64  # (F, n, K)


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """Where the objects really were that were seen at one moment, in frame heights."""

    t_s: float
    id: I64  # (n,)
    centre: F64  # (n, 2)


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """How far off F forecasters were at one horizon, of n objects."""

    horizon: int
    error: F64  # (F, n) in box heights
    cover: F64  # (F, n) share of the two axes along which the error was within the told sigma


class Judge:
    """Keeps what was said until it can be held against what is seen. Its memory is bounded."""

    def __init__(self, horizons_s: tuple[float, ...], every_s: float) -> None:
        self._horizons_s = horizons_s
        self._every_s = max(every_s, horizons_s[-1] / (MOST_MOMENTS - 2))
        self._open: deque[tuple[Said, int]] = deque(maxlen=MOST_MOMENTS)  # and the horizon that comes next
        self._said_s = -np.inf
        self._ripe_s = np.inf  # when the first of what was said can be judged

    def due(self, t_s: float) -> bool:
        """Whether it is time to keep what is forecast."""
        return t_s - self._said_s >= self._every_s

    def keep(self, said: Said) -> None:
        """Remember what was said now."""
        self._said_s = said.t_s
        if len(said.id):
            self._open.append((said, 0))
            self._ripe_s = min(self._ripe_s, said.t_s + self._horizons_s[0])

    def ripe(self, t_s: float) -> bool:
        """Whether something was said of a time before `t_s` that has not been judged."""
        return t_s >= self._ripe_s

    def see(self, last: Seen, seen: Seen) -> list[Verdict]:
        """What was said of times up to now, held against what is seen now and was seen at the look before."""
        found: list[Verdict] = []
        still: deque[tuple[Said, int]] = deque(maxlen=MOST_MOMENTS)
        for said, first in self._open:
            coming = first
            while coming < len(self._horizons_s) and said.t_s + self._horizons_s[coming] <= seen.t_s:
                found += _held(said, coming, self._horizons_s[coming], last, seen)
                coming += 1
            if coming < len(self._horizons_s):
                still.append((said, coming))
        self._open = still
        self._ripe_s = min((said.t_s + self._horizons_s[coming] for said, coming in still), default=np.inf)
        return found


def _held(said: Said, horizon: int, ahead_s: float, last: Seen, seen: Seen) -> list[Verdict]:
    """The verdict on one horizon, in a list of one; empty where nothing can be said."""
    due_s, gap_s = said.t_s + ahead_s, seen.t_s - last.t_s
    if not last.t_s <= due_s <= seen.t_s or not 0 < gap_s <= max(LONGEST_GAP_S, GAP_SHARE * ahead_s):
        return []
    before, after = _rows(last.id, said.id), _rows(seen.id, said.id)
    rows = np.flatnonzero((before >= 0) & (after >= 0))
    if not len(rows):
        return []
    share = (due_s - last.t_s) / gap_s
    truth = (1 - share) * last.centre[before[rows]] + share * seen.centre[after[rows]]
    off = said.centre[:, rows, horizon] - truth
    error = np.hypot(off[..., 0], off[..., 1]) / said.scale[rows]
    cover = (np.abs(off) < said.sigma[:, rows, horizon, None]).mean(axis=-1)
    whole = np.isfinite(error).all(axis=0)
    return [Verdict(horizon, error[:, whole], cover[:, whole])] if whole.any() else []


def _rows(among: I64, wanted: I64) -> I64:
    """The row of each wanted id (n,), -1 where it is not there."""
    order = np.argsort(among)
    place = np.minimum(np.searchsorted(among, wanted, sorter=order), max(len(among) - 1, 0))
    if not len(among):
        return np.full(len(wanted), -1)
    rows = order[place]
    return np.where(among[rows] == wanted, rows, -1)
