"""Samples of a sensor: windows of its grid, for the head of its model."""

from collections import deque

import numpy as np

from edge.contracts.scaling import scale_window, scaled_as
from edge.contracts.types import F64, Head, Mask
from edge.contracts.windows import SeriesWindow
from edge.learning.sample import Sample

WILD = 50.0  # standard deviations of the window: what lies farther off is no value to learn from
MOST_OVERLAPPING = 32  # samples to the length of a window, or to how far it foretells: more tell the same again


class SeriesSampler:
    """Makes samples of nodes that come one by one, at the step of the window. Its memory is bounded.

    Windows that are long give fewer samples: else all that can be kept would be of the last few hours.

    Args:
        head: series or autoencoder.
        window: of the network.
    """

    def __init__(self, head: Head, window: SeriesWindow) -> None:
        self._head, self._window = head, window
        self._ahead = window.horizons[-1] if head is Head.SERIES else 0
        self._every = -(-max(window.samples, self._ahead) // MOST_OVERLAPPING)  # nodes from one sample to the next
        self._nodes: deque[tuple[float, F64, Mask]] = deque(maxlen=window.samples + self._ahead)
        self._since = 0

    def node(self, utc_s: float, values: F64, known: Mask, *, fresh: bool) -> list[Sample]:
        """Take in one node; the sample that it completes, in a list of one, or none.

        Args:
            utc_s: of the node, on the wall clock.
            values: (C,).
            known: (C,) False where a value was filled in.
            fresh: it does not follow the node before.
        """
        if not np.isfinite(utc_s) or values.shape != (len(self._window.channels),):
            return []
        if fresh or (self._nodes and utc_s <= self._nodes[-1][0]):
            self._nodes.clear()
        finite = np.isfinite(values)
        before = self._nodes[-1][1] if self._nodes else values
        filled = np.where(finite, values, before)
        if not np.isfinite(filled).all():
            return []
        self._nodes.append((utc_s, filled, known & finite))
        self._since += 1
        if len(self._nodes) < (self._nodes.maxlen or 0) or self._since < self._every:
            return []
        self._since = 0
        return self._sample()

    def _sample(self) -> list[Sample]:
        times, values, known = zip(*self._nodes, strict=True)
        value, there = np.array(values), np.array(known)
        samples = self._window.samples
        past = value[:samples]
        arrays = {"window": scale_window(past, self._window)}
        if self._head is Head.SERIES:
            at = samples - 1 + np.array(self._window.horizons)
            future = scaled_as(past, value[at], self._window)
            sound = there[at] & (np.abs(future) < WILD)
            arrays["future"] = np.where(sound, future, np.float32(0)).astype(np.float32)
            arrays["known"] = sound.astype(np.float32)
        else:
            arrays["known"] = np.asarray(there[:samples].all(axis=1), np.float32)
        sane = all(np.isfinite(one).all() for one in arrays.values()) and np.abs(arrays["window"]).max() < WILD
        if not sane or not arrays["known"].any():
            return []
        return [Sample(arrays, float(times[0]), float(times[-1]), "", "", 1.0)]
