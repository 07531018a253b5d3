"""Which tracks to look at again, within a budget, and what the looks gave."""

from collections import deque
from collections.abc import Set as AbstractSet

import numpy as np

from edge.classify.settings import ClassifySettings
from edge.contracts.boxes import size
from edge.contracts.types import F32, I64, Mask, Tracks

BETTER = 1.2  # a full memory is only worth another run for a crop that is so much better than its worst


class Samples:
    """The best looks at each track: `(quality, vector)` pairs, and when the model ran lately."""

    def __init__(self, settings: ClassifySettings) -> None:
        self._settings = settings
        self._kept: dict[int, list[tuple[float, F32]]] = {}
        self._runs: deque[float] = deque()

    def choose(self, tracks: Tracks, wanted: Mask, quality: F32, t_s: float) -> I64:
        """Rows to look at now: those looked at least often first, then the best crop first.

        Args:
            tracks: T of them.
            wanted: (T,) rows that may be looked at at all.
            quality: (T,) of the crops.
            t_s: now.
        """
        while self._runs and self._runs[0] <= t_s - 1:
            self._runs.popleft()
        budget = min(self._settings.runs_per_s - len(self._runs), self._settings.runs_per_frame)
        rows = np.flatnonzero(wanted)
        looks = np.array([len(self._kept.get(int(tracks.id[row]), ())) for row in rows], np.int64)
        worth = np.array([self._worth(int(tracks.id[row]), float(quality[row])) for row in rows], bool)
        order = np.lexsort((-quality[rows], looks))
        chosen = rows[order[worth[order]]][: max(budget, 0)]
        self._runs.extend([t_s] * len(chosen))
        return chosen

    def add(self, track: int, quality: float, vector: F32) -> F32 | None:
        """Remember a look (C,), forget the worst beyond the limit; all of them (S, C), or None while too few."""
        kept = self._kept.setdefault(track, [])
        kept.append((quality, vector))
        kept.sort(key=lambda sample: -sample[0])
        del kept[self._settings.samples :]
        if len(kept) < min(self._settings.min_samples, self._settings.samples):
            return None
        return np.stack([sample[1] for sample in kept])

    def forget(self, alive: AbstractSet[int]) -> None:
        """Drop the tracks that are gone."""
        for track in self._kept.keys() - alive:
            del self._kept[track]

    def _worth(self, track: int, quality: float) -> bool:
        kept = self._kept.get(track, [])
        return len(kept) < self._settings.samples or quality > BETTER * kept[-1][0]


def crops_of(tracks: Tracks, frame_px: tuple[int, int], settings: ClassifySettings) -> tuple[F32, Mask, F32]:
    """Where to look for each track, which can be looked at, and how good its crop is.

    Args:
        tracks: T of them.
        frame_px: width and height of the frame.
        settings: margin and smallest side.

    Returns:
        Boxes (T, 4) with margin, cut at the frame's edges; rows (T,) seen now and large enough; quality (T,), which
        is the area in pixels times the score.
    """
    side = size(tracks.box)
    room = side * np.float32(settings.margin)
    box = np.clip(np.concatenate([tracks.box[:, :2] - room, tracks.box[:, 2:] + room], axis=1), 0, 1)
    side_px = side * np.array(frame_px, np.float32)
    usable: Mask = (tracks.lost_s == 0) & np.all(side_px >= settings.min_side_px, axis=1)
    usable &= np.all(box[:, 2:] > box[:, :2], axis=1)
    quality: F32 = side_px[:, 0] * side_px[:, 1] * tracks.score
    return box, usable, quality
