"""How odd the newest reading of one channel is."""

import math

import numpy as np

from edge.anomaly.history import History
from edge.anomaly.novelty import VIEWS, novelty
from edge.anomaly.settings import AnomalySettings
from edge.anomaly.tail import Tail
from edge.contracts.types import F64

LARGEST = 1e30  # what is beyond is no reading in any unit
YOUNG = 100.0  # readings below which a channel counts as so old
POWER = 3.0  # 1 would be the sum of all views, infinity the largest
THOUSAND = 3.0  # decades: the oddness of a channel with a thousand readings is as it is


class Channel:
    """Combines how rare several things are: the novelty of the reading in each view, and the error of a forecast.

    Each is a number of decades, see `Tail`. The cube root of the sum of their cubes says more than their largest, for
    an event shows in several, and less than their sum, for they are far from independent. What is rare once in so many
    readings is to be expected once in so many: the result is divided by the decades of readings that were seen.
    """

    def __init__(self, settings: AnomalySettings) -> None:
        self._history = History(settings.memory, settings.rhythm_s)
        self._tail = Tail(VIEWS + 1, settings.memory)

    def step(self, t_s: float, value: float, surprise: float) -> float:
        """The oddness of a reading: 0 as ever, 3 quite odd, 5 hardly seen before, no upper limit.

        Args:
            t_s: its time, seconds.
            value: NaN, infinite or beyond LARGEST where there is none: the oddness is 0, and nothing is learnt.
            surprise: error of a forecast in its standard deviations, NaN without one.
        """
        if not abs(value) < LARGEST:
            return 0.0
        self._history.push(t_s, value)
        rarity = self._tail.step(np.append(novelty(self._history), abs(surprise)))
        seen = max(self._history.spread.seen, YOUNG)
        return float(np.sum(rarity**POWER)) ** (1 / POWER) * THOUSAND / math.log10(seen)

    def arrays(self) -> tuple[F64, ...]:
        """What there is to store."""
        return (*self._history.arrays(), *self._tail.arrays())

    def restore(self, arrays: tuple[F64, ...]) -> None:
        """Take over what `arrays` gave."""
        block, spread, *tail = arrays
        self._history.restore(block, spread)
        for own, stored in zip(self._tail.arrays(), tail, strict=True):
            own[:] = stored
