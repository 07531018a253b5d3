"""How long to wait before the next attempt: full jitter, so that a thousand devices do not return at once."""

import random


class Backoff:
    """Waits between `floor_s` and a ceiling that doubles with each failure up to `max_s`."""

    def __init__(self, max_s: float, first_s: float = 1.0, floor_s: float = 0.05) -> None:
        self._max_s = max_s
        self._first_s = min(first_s, max_s)
        self._floor_s = min(floor_s, max_s)
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait now."""
        ceiling_s = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return random.uniform(self._floor_s, max(self._floor_s, ceiling_s))

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
