"""Which of the doubtful looks are worth keeping: few, spread in time, and not the same thing again and again."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.contracts.boxes import iou
from edge.uncertain.record import Box, Doubt, Reason, Record
from edge.uncertain.settings import KeepSettings

DAY_S = 86400.0
BURST = 1 / 8  # of the day's budget that may go at once
SCARCE = 0.5  # priority that a look needs when hardly any budget is left
SAME_PLACE = 0.8  # IoU from which two boxes are one thing that has not moved
PER_PLACE = 2  # looks at one place in a day
REMEMBERED = 256  # doubts of one label of one camera
CAMERA_SHARE = 1 / 4  # of the gap, between looks of one camera, whatever their labels
MOST_KEYS = 1000  # of camera and label


@dataclass(slots=True)
class _Kept:
    """What was kept of one label of one camera."""

    at_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    boxes: deque[Box] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    tracks: deque[tuple[int, Reason]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Chooser:
    """Decides look by look. Times are seconds of the wall clock, which may jump; a jump costs some looks at most.

    Args:
        settings: how many, how far apart.
        records: what lies on disk from before.
    """

    def __init__(self, settings: KeepSettings, records: Iterable[Record] = ()) -> None:
        self._settings = settings
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._last_s: dict[str, float] = {}  # by camera
        self._day: deque[float] = deque(maxlen=settings.per_day)
        self._capacity = max(settings.per_day * BURST, 1.0)
        self._level, self._level_s = self._capacity, 0.0
        for record in sorted(records, key=lambda one: one.utc_ns):
            self._remember(record.camera, record.doubts, record.utc_ns / 1e9, with_tracks=False)
        if self._day:
            self._level_s = self._day[-1]
            self._level = max(self._capacity * (1 - len(self._recent(self._level_s)) / settings.per_day), 0.0)

    def ready(self, camera: str, now_s: float) -> bool:
        """Whether a look of a camera could be kept now: else it need not be judged."""
        if abs(now_s - self._last_s.get(camera, -DAY_S)) < self._settings.gap_s * CAMERA_SHARE:
            return False
        self._refill(now_s)
        return self._level >= 1 and len(self._recent(now_s)) < self._settings.per_day

    def choose(self, camera: str, doubts: tuple[Doubt, ...], now_s: float) -> tuple[Doubt, ...]:
        """The doubts for which a look is to be kept, counted as kept; none where it is not worth it.

        The less of the day's budget there is at hand, the more a look has to tell.
        """
        if not self.ready(camera, now_s):
            return ()
        least = SCARCE * (1 - self._level / self._capacity)
        fresh = tuple(doubt for doubt in doubts if self._fresh(camera, doubt, now_s))
        if not fresh or max(doubt.weight for doubt in fresh) < least:
            return ()
        self._level -= 1
        self._remember(camera, fresh, now_s, with_tracks=True)
        return fresh

    def _fresh(self, camera: str, doubt: Doubt, now_s: float) -> bool:
        kept = self._kept.get((camera, doubt.label))
        if kept is None:
            return True
        if kept.at_s and abs(now_s - kept.at_s[-1]) < self._settings.gap_s:
            return False
        if doubt.track >= 0 and (doubt.track, doubt.reason) in kept.tracks:
            return False
        overlap = iou(np.array([doubt.box], np.float32), np.array(kept.boxes, np.float32).reshape(-1, 4))[0]
        recent = [abs(now_s - at_s) < DAY_S for at_s in kept.at_s]
        return int((overlap[np.array(recent, bool)] >= SAME_PLACE).sum()) < PER_PLACE

    def _refill(self, now_s: float) -> None:
        passed_s = now_s - self._level_s
        if passed_s >= DAY_S:
            self._level = self._capacity
        elif passed_s > 0:
            self._level = min(self._level + passed_s * self._settings.per_day / DAY_S, self._capacity)
        self._level_s = now_s

    def _recent(self, now_s: float) -> list[float]:
        return [at_s for at_s in self._day if abs(now_s - at_s) < DAY_S]

    def _remember(self, camera: str, doubts: tuple[Doubt, ...], now_s: float, *, with_tracks: bool) -> None:
        """Track ids begin anew with every start, so those of earlier ones say nothing."""
        self._day.append(now_s)
        self._last_s[camera] = now_s
        for doubt in doubts:
            if (camera, doubt.label) not in self._kept and len(self._kept) >= MOST_KEYS:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept.setdefault((camera, doubt.label), _Kept())
            kept.at_s.append(now_s)
            kept.boxes.append(doubt.box)
            if with_tracks and doubt.track >= 0:
                kept.tracks.append((doubt.track, doubt.reason))
