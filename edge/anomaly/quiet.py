"""Tells an event once: what is no odder than what was told or seen shortly before is kept quiet.

An event has many odd readings, and what recurs again and again is usual. So an oddness counts only if it exceeds all of
the last readings, clearly. How many those are grows with what is known: a tenth of all readings, at most `quiet`.
"""

import numpy as np

from edge.contracts.types import F64

SHARE, FEWEST = 0.1, 20  # of all readings that are looked back over; at least so many
MARGIN = 1.05  # how much odder than before is odder


class Quiet:
    """The oddness of the last readings."""

    def __init__(self, quiet: int) -> None:
        self._ring = np.zeros(quiet)
        self._seen = np.zeros(1)

    def step(self, oddness: float) -> float:
        """The oddness where it is told, 0 where it is kept quiet."""
        seen, size = int(self._seen[0]), len(self._ring)
        back = min(size, max(FEWEST, int(SHARE * seen)))
        at = seen % size
        held = max(self._ring[max(at - back, 0) : at].max(initial=0.0), self._ring[size + at - back :].max(initial=0.0))
        self._ring[at] = oddness
        self._seen += 1
        return oddness if oddness > MARGIN * held else 0.0

    def arrays(self) -> tuple[F64, F64]:
        """What there is to store."""
        return self._ring, self._seen
