"""The newest samples of a sensor, as many as a model looks at."""

from collections import deque

import numpy as np

from edge.contracts.types import F64

MOST_HELD = 0.25  # of the samples of a window may have been filled in


class KeptWindow:
    """The newest S samples of C channels."""

    def __init__(self, samples: int, channels: int) -> None:
        self.values: F64 = np.zeros((0, channels))  # (at most S, C)
        self._held: deque[bool] = deque(maxlen=samples)
        self._samples = samples

    def add(self, values: F64, fresh: bool, *, held: bool) -> bool:
        """Take one sample; whether there is a whole window now, with enough in it that was read.

        Args:
            values: (C,); one that is no number ends what was there.
            fresh: it does not follow on the last one: a window begins.
            held: it was not read, but filled in over a gap.
        """
        self._held.append(held)
        if not np.isfinite(values).all():
            self.values = self.values[:0]
            return False
        before = self.values[:0] if fresh else self.values
        self.values = np.concatenate([before, values[None]])[-self._samples :]
        return len(self.values) == self._samples and sum(self._held) <= MOST_HELD * self._samples
