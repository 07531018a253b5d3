"""What one channel read lately, newest first, ready to be compared with now."""

import numpy as np

from edge.contracts.types import F32, F64

LEVEL = 12  # readings that the running level looks back over, about
STEPS, DEVIATIONS = 8, 24  # readings over which the mean step, and the mean distance from their mean, are taken
STILL = 0.02  # spreads: what moves less stands still
DISTANCES = 7  # that `novelty` keeps of each reading
ROWS = 7 + DISTANCES
SPARE = 4  # the buffer is longer than the memory by a fourth of it
STRAY, YOUNG = 100.0, 50  # spreads that one reading may teach, once so many were seen
FARTHEST = 1e6  # spreads: farther is no farther


class History:
    """The last `memory` readings in one block of memory, so that a comparison with all of them is one operation.

    Rows: reading, running level (exponential mean over about LEVEL readings), cosine and sine of the phase of the
    rhythm, time, logarithms of how much it moves (mean step; mean deviation), and how new it was when it came, see
    `keep`. They are written downwards into a longer buffer, and moved up when its start is reached.
    """

    def __init__(self, memory: int, rhythm_s: float) -> None:
        self._memory, self._rhythm_s = memory, rhythm_s
        self._rows = np.zeros((ROWS, memory + memory // SPARE))
        self._at = self._rows.shape[1]  # of the newest
        self.spread = Spread(memory)

    def push(self, t_s: float, value: float) -> None:
        """Take in a reading; only finite ones."""
        if self._at == 0:
            self._at = self._rows.shape[1] - self._memory + 1
            self._rows[:, self._at :] = self._rows[:, : self._memory - 1]
        level = self._rows[1, self._at] if len(self) else value
        self._at -= 1
        phase = 2 * np.pi * (t_s % self._rhythm_s) / self._rhythm_s
        rate = 1 / min(LEVEL, self.spread.seen + 1)
        self._rows[:5, self._at] = value, level + rate * (value - level), np.cos(phase), np.sin(phase), t_s
        self.spread.push(value)
        self._rows[5:7, self._at] = _coarse(self._movement())
        self._rows[7:, self._at] = 0.0

    def __len__(self) -> int:
        return min(self._rows.shape[1] - self._at, self._memory)

    @property
    def knows_rhythm(self) -> bool:
        """Whether it reaches back a whole period."""
        newest, oldest = self._rows[4, self._at], self._rows[4, self._at + len(self) - 1]
        return bool(abs(newest - oldest) >= self._rhythm_s)

    def since_now(self) -> F32:
        """Readings minus the newest one, (n,), in units of the spread, newest first."""
        return self._relative(0)

    def levels_since_now(self) -> F32:
        """The same of the running level."""
        return self._relative(1)

    def phase_distance(self) -> F32:
        """Squared chord (n,) between the phase of each reading and that of the newest, 0..4."""
        cos, sin = self._rows[2:4, self._at : self._at + len(self)].astype(np.float32)
        return np.maximum(2 - 2 * (cos * cos[0] + sin * sin[0]), 0)  # rounding goes below 0

    def movement_since_now(self) -> F64:
        """How much it moved: logarithms (2, n) of mean step and mean deviation, less those of now, newest first.

        Those of the first readings of all, which had too few before them, are left out: n may be 0.
        """
        whole = min(len(self), max(int(self.spread.seen) - DEVIATIONS - 1, 0))
        rows = self._rows[5:7, self._at : self._at + whole]
        return rows - self._rows[5:7, self._at, None]

    def keep(self, distances: F64) -> None:
        """Note how new the newest reading is (DISTANCES,), in spreads; 0 where that is not known."""
        self._rows[7:, self._at] = _coarse(distances)

    def kept(self, which: int, back: int) -> float:
        """What was kept of a reading that came so many before the newest."""
        return float(self._rows[7 + which, self._at + back])

    def arrays(self) -> tuple[F64, F64]:
        """What there is to store, as it is: block of rows (ROWS, memory), newest first, and spread."""
        block = np.zeros((ROWS, self._memory))
        block[:, : len(self)] = self._rows[:, self._at : self._at + len(self)]
        return block, self.spread.array

    def restore(self, block: F64, spread: F64) -> None:
        """Take over what `arrays` gave."""
        self.spread.array[:] = spread
        n = int(min(self.spread.seen, self._memory))
        self._at = self._rows.shape[1] - n
        self._rows[:, self._at :] = block[:, :n]

    def _movement(self) -> F64:
        lately = self._rows[0, self._at : self._at + min(len(self), DEVIATIONS)]
        few = lately[: STEPS + 1]
        still = STILL * self.spread.size
        step = np.abs(few[1:] - few[:-1]).sum() / min(len(self), STEPS)
        return np.log([step + still, np.abs(lately - lately.mean()).mean() + still])

    def _relative(self, row: int) -> F32:
        part = self._rows[row, self._at : self._at + len(self)]
        return np.clip((part - part[0]) / self.spread.size, -FARTHEST, FARTHEST).astype(np.float32)


def _coarse(values: F64) -> F64:
    """To about a thousandth: so they take half the room on disk, for what is rounded can be deflated."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 1024) / 1024, exponent)


class Spread:
    """How far readings usually are from their mean: the unit in which novelty is measured."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self.array = np.zeros(3)  # readings seen, mean, mean absolute deviation

    @property
    def seen(self) -> float:
        """Readings, all of them."""
        return float(self.array[0])

    @property
    def size(self) -> float:
        """About one standard deviation; never 0."""
        _, mean, deviation = self.array.tolist()
        return 1.25 * deviation + 1e-9 * abs(mean) + 1e-30

    def push(self, value: float) -> None:
        """Take in a reading."""
        seen, mean, deviation = self.array.tolist()
        rate = max(1 / (seen + 1), 1 / self._memory)
        off = value - mean
        if seen >= YOUNG and deviation > 1e-6 * abs(mean):  # a channel that moves: one glitch must not blind it
            off = min(max(off, -STRAY * deviation), STRAY * deviation)
        away = abs(off) if seen else 0.0
        self.array[:] = seen + 1, mean + rate * off, deviation + rate * (away - deviation)
