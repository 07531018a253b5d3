"""How rare a value is among all before it, also beyond the largest ever seen.

A histogram of logarithms, in which the past fades, gives the value that is exceeded by a share RARE of all. Beyond it
the tail is taken as a power law whose exponent is the mean excess of the logarithms (Hill, "A simple general approach
to inference about the tail of a distribution", 1975), shrunk towards EXCESS as long as few were seen. So the result
goes on growing for what has never happened, on every sensor in the same measure.
"""

import numpy as np

from edge.contracts.types import F64, Mask

RARE = 0.015  # share of readings that make up the tail
EXCESS, PRIOR, EXCESS_MEMORY = 0.5, 100.0, 200.0  # mean excess at first, worth so many; how many later ones count
LARGEST_EXCESS = 1.0  # that one reading may teach
FLOOR, BIN, BINS = 0.05, 0.08, 220  # spreads below which novelty is noise; width of a bin of logarithms; to 2e6
YOUTH = 1.0  # readings count by when they came: what the first tenth saw weighs (1/10)^YOUTH of all
WARM, EVERY = 50, 10  # readings before there is a tail; between two looks at the histogram


class Tail:
    """One tail for each of V views. A value that is NaN is not there: it is not rare, and teaches nothing."""

    def __init__(self, views: int, memory: int) -> None:
        self._fading = 1 / (2 * memory)
        self._bins = np.zeros((views, BINS))
        # rows: readings seen, weight in the histogram, logarithm where the tail begins, sum of excesses, their number
        self._sums = np.zeros((5, views))
        self._sums[2] = np.inf
        self._sums[3], self._sums[4] = EXCESS * PRIOR, PRIOR

    def step(self, value: F64) -> F64:
        """Minus the decimal logarithm of the share (V,) that is at least so large; 0 for what is not in the tail."""
        good = np.isfinite(value)
        log = np.log(np.maximum(np.where(good, value, 0.0), FLOOR))
        seen, _, start, excess, number = self._sums
        if (seen % EVERY == 0).any():
            self._look(good & (seen % EVERY == 0) & (seen >= WARM))
        over = np.where(good & (log > start), log - start, 0.0)
        rarity = np.where(over > 0, -np.log10(RARE) + over * number / (excess * np.log(10)), 0.0)
        self._learn(good, log, over)
        return rarity

    def arrays(self) -> tuple[F64, F64]:
        """What there is to store."""
        return self._bins, self._sums

    def _look(self, rows: Mask) -> None:
        """Find where the tail begins, from the histogram."""
        above = np.cumsum(self._bins[rows, ::-1], axis=1)[:, ::-1]
        reached = np.sum(above >= RARE * self._sums[1, rows, None], axis=1)
        self._sums[2, rows] = np.log(FLOOR) + BIN * np.maximum(reached, 1)

    def _learn(self, good: Mask, log: F64, over: F64) -> None:
        seen, weight, _, excess, number = self._sums
        keep = np.where(good, 1 - np.maximum(YOUTH / (seen + YOUTH), self._fading), 1.0)
        self._bins *= keep[:, None]
        self._bins[good, np.minimum((log[good] - np.log(FLOOR)) / BIN, BINS - 1).astype(np.int64)] += 1
        weight *= keep
        weight += good
        seen += good
        tail, kept = over > 0, 1 - 1 / EXCESS_MEMORY
        excess[tail] = kept * excess[tail] + np.minimum(over[tail], LARGEST_EXCESS)
        number[tail] = kept * number[tail] + 1
