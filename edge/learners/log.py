"""The log of the learner's process, on its way into the daemon's: bounded, whatever goes wrong over there."""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping

from edge.contracts.stored import Json

MOST_LINES, PER_S = 40, 60.0  # that are passed on, in so much time
LONGEST = 4000  # letters of one, with its traceback
LEVELS = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}
LOG = "log"  # the key by which such a message is known


class LogLines(logging.Handler):
    """Keeps lines until they are sent.

    Args:
        clock: monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._clock = clock
        self._lines: deque[Mapping[str, Json]] = deque(maxlen=MOST_LINES)
        self._begin_s, self._count, self._left_out = clock(), 0, 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, unless there were too many."""
        if self._clock() - self._begin_s >= PER_S:
            self._tell_left_out()
            self._begin_s, self._count = self._clock(), 0
        self._count += 1
        if self._count > MOST_LINES:
            self._left_out += 1
            return
        try:
            text = self.format(record)[-LONGEST:]
        except (TypeError, ValueError) as error:
            text = f"{record.msg} ({error})"
        self._lines.append({LOG: record.levelname, "of": record.name, "text": text})

    def first(self) -> Mapping[str, Json] | None:
        """The line that is to be sent next."""
        return self._lines[0] if self._lines else None

    def sent(self) -> None:
        """It was."""
        self._lines.popleft()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._lines.append({LOG: "WARNING", "of": __name__, "text": f"{self._left_out} lines were left out"})
            self._left_out = 0


def passed_on(told: Mapping[str, Json]) -> None:
    """Say in this process's log what `LogLines` kept."""
    level = LEVELS.get(str(told[LOG]), logging.WARNING)
    logging.getLogger(str(told.get("of") or __name__)).log(level, "%s", told.get("text"))
