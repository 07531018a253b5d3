"""From probabilities of overlapping windows to one decision at a time. No model, no clock of its own."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32

UNSURE = -1


@dataclass(frozen=True, slots=True)
class Decision:
    """What is held to be there now."""

    label: int  # class index, or `UNSURE`
    probability: float  # averaged, of the likeliest class
    fresh: bool  # just recognised


class Smoother:
    """Averages probabilities over time, and tells a class once as long as it goes on.

    Args:
        smooth_s: windows of so many seconds are averaged.
        threshold: least averaged probability.
        refractory_s: from one recognition of a class to the next of the same class.
        ignored: class indices that are never told.
    """

    def __init__(self, smooth_s: float, threshold: float, refractory_s: float, ignored: frozenset[int]) -> None:
        self._smooth_s, self._threshold, self._refractory_s = smooth_s, threshold, refractory_s
        self._ignored = ignored
        self._recent: deque[tuple[float, F32]] = deque()
        self._now = UNSURE
        self._told_s: dict[int, float] = {}

    def step(self, t_s: float, probability: F32) -> Decision:
        """Take in one window's probabilities (L,)."""
        while self._recent and t_s - self._recent[0][0] >= self._smooth_s:
            self._recent.popleft()
        self._recent.append((t_s, probability))
        mean = np.mean([one for _, one in self._recent], axis=0)
        best = int(mean.argmax())
        return self._decided(t_s, best, float(mean[best]))

    def quiet(self, t_s: float) -> Decision:
        """There is nothing to look at: what was is over."""
        self._recent.clear()
        return self._decided(t_s, UNSURE, 0.0)

    def _decided(self, t_s: float, best: int, probability: float) -> Decision:
        known = best != UNSURE and best not in self._ignored and probability >= self._threshold
        label = best if known else UNSURE
        fresh = known and label != self._now and t_s - self._told_s.get(label, -np.inf) >= self._refractory_s
        self._now = label
        if fresh:
            self._told_s[label] = t_s
        return Decision(label, probability, bool(fresh))
