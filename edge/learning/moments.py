"""Where tracks went after one moment: filled in look by look, until all horizons have come.

A horizon counts as known where the object was really seen shortly before it and shortly after, without a jump, and
without having been away before: an identity that comes back after a while may be another object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.track_grid import Past, lengths
from edge.contracts.track_windows import Encoded
from edge.contracts.types import F64, I64, Mask

LONGEST_GAP_S, GAP_SHARE = 0.75, 0.5  # between the looks around a horizon; of a far horizon, at most this share
AWAY_S = 2.0  # whoever was not seen for longer may be somebody else
FASTEST, JUMP = 12.0, 1.0  # lengths of the object (or metres) per second, and at once: more is two objects in one name
SAME_TIME_S = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """What is known of T tracks at one moment, and where they were really seen. Lengths as in `Past`."""

    t_s: float  # monotonic
    utc_s: float  # wall clock
    id: I64  # (T,)
    seen: F64  # (T, 2) the centre as it was detected in this very look, NaN where it was not
    past: Past  # what a network is told of them
    askable: Mask  # (T,) whether a network can be asked about it
    kind: Sequence[str]  # (T,) of the object

    def __post_init__(self) -> None:
        t = len(self.id)
        rows = (self.seen.shape, len(self.past), self.askable.shape, len(self.kind))
        if rows != ((t, 2), t, (t,), t):
            raise ValueError(f"for {t} tracks the other columns must have as many rows; got {rows}")


class Moment:
    """n tracks of which it is not known yet where they went.

    Args:
        look: at that moment.
        rows: (n,) those of the look's tracks that were seen.
        encoded: what a network takes of them.
        horizons_s: K of them.
    """

    def __init__(self, look: Look, rows: I64, encoded: Encoded, horizons_s: tuple[float, ...]) -> None:
        self.look, self.rows, self.encoded = look, rows, encoded
        self.future: F64 = np.full((len(rows), len(horizons_s), 2), np.nan)
        self._id, self._horizons_s = look.id[rows], horizons_s
        self._length = lengths(look.past)[rows]
        self._seen_s = np.full(len(rows), look.t_s)
        self._same = np.ones(len(rows), bool)  # still the same object, as far as one can tell
        self._coming = 0

    @property
    def over(self) -> bool:
        """Whether all horizons have come."""
        return self._coming == len(self._horizons_s)

    def come(self, last: Look, look: Look) -> None:
        """Fill in the horizons that lie between two successive looks."""
        here, there = _places(last, self._id), _places(look, self._id)
        gap_s = look.t_s - last.t_s
        now = np.isfinite(there[:, 0])
        both = now & np.isfinite(here[:, 0])
        moved = np.abs(np.where(both[:, None], there - here, 0.0)).max(axis=1, initial=0.0)
        self._same &= moved <= (JUMP + FASTEST * gap_s) * self._length
        self._same &= ~now | (look.t_s - self._seen_s <= AWAY_S)
        self._seen_s[now] = look.t_s
        known = (both & self._same)[:, None]
        while not self.over:
            ahead_s = self._horizons_s[self._coming]
            due_s = self.look.t_s + ahead_s
            if due_s > look.t_s + SAME_TIME_S:
                return
            if gap_s <= max(LONGEST_GAP_S, GAP_SHARE * ahead_s):
                share = min(max((due_s - last.t_s) / gap_s, 0.0), 1.0)
                self.future[:, self._coming] = np.where(known, (1 - share) * here + share * there, np.nan)
            self._coming += 1


def _places(look: Look, wanted: I64) -> F64:
    """(n, 2) where each of the wanted was seen, NaN where it was not, or where its name occurs twice."""
    place = np.full((len(wanted), 2), np.nan)
    if len(look.id):
        order = np.argsort(look.id, kind="stable")
        ids = look.id[order]
        first, behind = np.searchsorted(ids, wanted, "left"), np.searchsorted(ids, wanted, "right")
        once = behind - first == 1
        place[once] = look.seen[order[first[once]]]
    place[~np.isfinite(place).all(axis=1)] = np.nan
    return place
