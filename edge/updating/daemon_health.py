"""How the daemon does, as the health gate of updates feels it; counted over changes of configuration."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from edge.capture import Camera
from edge.contracts.errors import EdgeError
from edge.observer import Observer
from edge.pipeline import Followed
from edge.updates.interfaces import HealthSample
from edge.updating.control import DaemonControl, RunningConfiguration

LATELY_S = 60.0
ENOUGH = 20  # looks at something that moves, in which nothing was found, before that means anything
_Look = tuple[float, float, int, bool]  # when, sum of the scores, how many, whether anything moved


class DaemonHealth(Observer):
    """A `HealthProbe`. Counts on the inference thread; `sample` may be asked for on any.

    Args:
        control: says what runs.
        connected: whether the broker is there.
    """

    def __init__(self, control: DaemonControl, connected: Callable[[], bool]) -> None:
        self._control, self._connected = control, connected
        self._lock = threading.Lock()
        self._looks: deque[_Look] = deque(maxlen=10_000)
        self._looked = self._failed = self._frames = self._base = 0
        self._last: RunningConfiguration | None = None

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count a frame, if the detector looked at it."""
        if followed.looked:
            score = followed.detections.score
            moved = len(followed.sensed.activity.region) > 0
            with self._lock:
                self._looked += 1
                self._looks.append((time.monotonic(), float(score.sum()), len(score), moved))

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """Count a frame that could not be followed."""
        with self._lock:
            self._failed += 1

    def forget(self) -> None:
        """Another model serves: what was found by the one before says nothing of it."""
        with self._lock:
            self._looks.clear()

    def sample(self) -> HealthSample:
        """How it does now."""
        running = self._control.running
        with self._lock:
            if running is not self._last:
                self._last, self._base = running, self._frames
            if running is not None:
                self._frames = self._base + running.captured()
            return HealthSample(self._frames, self._looked, self._failed, self._score(), self._connected())

    def _score(self) -> float:
        """Mean score of what was found lately; 0 where nothing was, though much moved."""
        since_s = time.monotonic() - LATELY_S
        while self._looks and self._looks[0][0] < since_s:
            self._looks.popleft()
        found = sum(number for _, _, number, _ in self._looks)
        if found:
            return sum(score for _, score, _, _ in self._looks) / found
        return 0.0 if sum(moved for *_, moved in self._looks) >= ENOUGH else math.nan
