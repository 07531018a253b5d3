"""Where the readings of a sensor wait for their turn: bounded, the newest stay, what is dropped is counted."""

import threading
from collections import deque

from edge.sensors.arrival import Raw

LIMIT_BYTES = 1 << 24  # of the messages of a sensor that wait


class Intake:
    """Any thread offers, one takes.

    Args:
        limit: readings that may wait.
        arrived: set with each reading; shared by all sensors.
    """

    def __init__(self, limit: int, arrived: threading.Event) -> None:
        self.dropped = 0
        self._limit, self._bytes = limit, 0
        self._waiting: deque[Raw] = deque()
        self._arrived = arrived
        self._lock = threading.Lock()

    def offer(self, raw: Raw) -> None:
        """Hand over a reading; never waits."""
        with self._lock:
            self._waiting.append(raw)
            self._bytes += _size(raw)
            while len(self._waiting) > self._limit or self._bytes > LIMIT_BYTES:
                self._oldest()
                self.dropped += 1
        self._arrived.set()

    def take(self, most: int) -> list[Raw]:
        """The oldest that wait, in order."""
        with self._lock:
            return [self._oldest() for _ in range(min(most, len(self._waiting)))]

    def __len__(self) -> int:
        return len(self._waiting)

    def _oldest(self) -> Raw:
        raw = self._waiting.popleft()
        self._bytes -= _size(raw)
        return raw


def _size(raw: Raw) -> int:
    return len(raw.content) if isinstance(raw.content, bytes) else 0
