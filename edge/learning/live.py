"""Live errors of everyone on the same comparisons: what was exported, what serves, and the candidate."""

import zlib
from collections import deque
from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64
from edge.learning.comparing import least_gain
from edge.learning.promotion import Live, Score

MOST_SHADOW = 1 << 20
BINS = 256  # comparisons of the shadow are summed up in so many: those that are alike always fall into the same one
COUNT, EXPORTED, SERVING, CANDIDATE = range(4)  # columns of a bin; in a row of the newest there is no count


class LiveScores:
    """Sums up comparisons as they come. Its memory is bounded.

    Args:
        window: newest comparisons by which what serves is judged.
    """

    def __init__(self, window: int) -> None:
        self._newest: deque[F64] = deque(maxlen=window)  # each (3,)
        self._bins: F64 = np.zeros((BINS, 4))
        self._sure: float | None = None  # as told last; None: not known yet

    @property
    def newest(self) -> F64:
        """(n, 3) the newest comparisons, oldest first."""
        return np.array(self._newest, np.float64).reshape(-1, 3)

    @property
    def bins(self) -> F64:
        """(BINS, 4) sums over the time of the candidate."""
        return self._bins.copy()

    def add(self, exported: F64, serving: F64, candidate: F64, alike: Sequence[str]) -> None:
        """Errors (n,) of each; where there is no candidate, those of what serves again.

        Args:
            exported: of the exported weights.
            serving: of those that serve.
            candidate: of those in the shadow.
            alike: (n,) comparisons of one name count as one, see `edge.learning.division.alike`.
        """
        rows = np.stack([exported, serving, candidate], axis=1)
        self._newest.extend(rows)
        if self._bins[:, COUNT].sum() < MOST_SHADOW:
            into = np.array([zlib.crc32(name.encode()) % BINS for name in alike], np.int64)
            np.add.at(self._bins, into, np.column_stack([np.ones(len(rows)), rows]))
            self._sure = None

    def candidate_is_new(self) -> None:
        """Another candidate is in the shadow, or none."""
        self._bins, self._sure = np.zeros((BINS, 4)), None

    def server_is_new(self) -> None:
        """Something else serves."""
        self._newest.clear()
        self.candidate_is_new()

    def go_on(self, newest: F64, bins: F64) -> None:
        """Go on with what was summed up before, see `newest` and `bins`."""
        self._newest.clear()
        self._newest.extend(newest)
        self._bins, self._sure = bins.copy(), None

    def told(self, seen: int) -> Live:
        """How everyone does."""
        if self._sure is None:
            self._sure = _sure(self._bins[self._bins[:, COUNT] > 0])
        newest = self.newest
        shadow = self._bins.sum(axis=0)
        return Live(seen, _score(len(newest), newest.sum(axis=0)), _score(int(shadow[0]), shadow[1:]), self._sure)


def _sure(bins: F64) -> float:
    """The gain of the candidate over everyone, at least; what is no number proves nothing."""
    if not np.isfinite(bins).all():
        return -np.inf
    return min(least_gain(bins[:, CANDIDATE], bins[:, other]) for other in (EXPORTED, SERVING))


def _score(count: int, total: F64) -> Score:
    exported, serving, candidate = (float(one) for one in total / max(count, 1))
    return Score(count, exported, serving, candidate)
