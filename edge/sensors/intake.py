"""Where the readings of a sensor wait for their turn: bounded, the newest stay, what is dropped is counted."""

import threading
from collections import deque

from edge.sensors.arrival import Raw


class Intake:
    """Any thread offers, one takes.

    Args:
        limit: readings that may wait.
        arrived: set with each reading; shared by all sensors.
    """

    def __init__(self, limit: int, arrived: threading.Event) -> None:
        self.dropped = 0
        self._waiting: deque[Raw] = deque(maxlen=limit)
        self._arrived = arrived
        self._lock = threading.Lock()

    def offer(self, raw: Raw) -> None:
        """Hand over a reading; never waits."""
        with self._lock:
            self.dropped += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(raw)
        self._arrived.set()

    def take(self, most: int) -> list[Raw]:
        """The oldest that wait, in order."""
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def __len__(self) -> int:
        return len(self._waiting)
