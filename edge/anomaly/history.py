"""What one channel read lately, newest first, ready to be compared with now."""

import numpy as np

from edge.contracts.types import F32, F64

ROWS = 5
LEVEL = 12  # readings that the running level looks back over, about
STRAY, YOUNG = 100.0, 50  # spreads that one reading may teach, once so many were seen
FARTHEST = 1e6  # spreads: farther is no farther


class History:
    """The last `memory` readings in one block of memory, so that a comparison with all of them is one operation.

    Rows: reading, running level (exponential mean over about LEVEL readings), cosine and sine of the phase of the
    rhythm, time. They are written downwards into a buffer of twice the length, and moved up when its start is reached.
    """

    def __init__(self, memory: int, rhythm_s: float) -> None:
        self._memory, self._rhythm_s = memory, rhythm_s
        self._rows = np.zeros((ROWS, 2 * memory))
        self._at = 2 * memory  # of the newest
        self.spread = Spread(memory)

    def push(self, t_s: float, value: float) -> None:
        """Take in a reading; only finite ones."""
        if self._at == 0:
            self._rows[:, self._memory + 1 :] = self._rows[:, : self._memory - 1]
            self._at = self._memory + 1
        level = self._rows[1, self._at] if len(self) else value
        self._at -= 1
        phase = 2 * np.pi * (t_s % self._rhythm_s) / self._rhythm_s
        rate = 1 / min(LEVEL, self.spread.seen + 1)
        self._rows[:, self._at] = value, level + rate * (value - level), np.cos(phase), np.sin(phase), t_s
        self.spread.push(value)

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

    def arrays(self) -> tuple[F64, F64]:
        """What there is to store, as it is: block of rows (ROWS, memory), newest first, and spread."""
        block = np.zeros((ROWS, self._memory))
        block[:, : len(self)] = self._rows[:, self._at : self._at + len(self)]
        return block, self.spread.array

    def restore(self, block: F64, spread: F64) -> None:
        """Take over what `arrays` gave."""
        self.spread.array[:] = spread
        n = int(min(self.spread.seen, self._memory))
        self._at = 2 * self._memory - n
        self._rows[:, self._at :] = block[:, :n]

    def _relative(self, row: int) -> F32:
        part = self._rows[row, self._at : self._at + len(self)]
        return np.clip((part - part[0]) / self.spread.size, -FARTHEST, FARTHEST).astype(np.float32)


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
