"""What is wrong with one sensor, in the log once a minute at most: it may be wrong ten times a second."""

import logging
import time

PAUSE_S = 60.0
_log = logging.getLogger(__name__)


class Complaints:
    """Of one sensor. `newest` is the last thing that was wrong."""

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._said_s = -PAUSE_S
        self._unsaid = 0
        self.newest = ""

    def say(self, text: str) -> None:
        """Log it, or count it for the next time."""
        self.newest = text
        now_s = time.monotonic()
        if now_s - self._said_s < PAUSE_S:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid} more since it was last told)" if self._unsaid else ""
        self._said_s, self._unsaid = now_s, 0
        _log.warning("sensor %s: %s%s", self._sensor, text, more)
