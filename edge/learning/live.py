"""Live errors of everyone on the same comparisons: what was exported, what serves, and the candidate."""

from collections import deque

import numpy as np

from edge.contracts.types import F64
from edge.learning.promotion import Live, Score

MOST_SHADOW = 1 << 20
Row = tuple[float, float, float]


class LiveScores:
    """Sums up comparisons as they come.

    Args:
        window: newest comparisons by which what serves is judged.
    """

    def __init__(self, window: int) -> None:
        self._newest: deque[Row] = deque(maxlen=window)
        self._shadow = (0, np.zeros(3))

    def add(self, exported: F64, serving: F64, candidate: F64) -> None:
        """Errors (n,) of each; where there is no candidate, those of what serves again."""
        rows = np.stack([exported, serving, candidate], axis=1)
        self._newest.extend((float(e), float(s), float(c)) for e, s, c in rows)
        count, total = self._shadow
        if count < MOST_SHADOW:
            self._shadow = count + len(rows), total + rows.sum(axis=0)

    def candidate_is_new(self) -> None:
        """Another candidate is in the shadow, or none."""
        self._shadow = (0, np.zeros(3))

    def server_is_new(self) -> None:
        """Something else serves."""
        self._newest.clear()
        self.candidate_is_new()

    def told(self, seen: int) -> Live:
        """How everyone does."""
        count, total = self._shadow
        newest = np.array(self._newest).reshape(-1, 3).sum(axis=0)
        return Live(seen, _score(len(self._newest), newest), _score(count, total))


def _score(count: int, total: F64) -> Score:
    exported, serving, candidate = (float(one) for one in total / max(count, 1))
    return Score(count, exported, serving, candidate)
