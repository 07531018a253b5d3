"""The thread of a source: it works in rounds until it is to end, and tries again where it cannot."""

import logging
import math
import threading
import time
from abc import ABC, abstractmethod

from edge.contracts.backoff import Backoff
from edge.contracts.errors import SourceError

LONGEST_PAUSE_S = 10.0  # between two tries
CLOSE_S = 1.0
_log = logging.getLogger(__name__)


class Worker(ABC):
    """Whatever works on a thread of its own. A subclass says what a round is, and starts it with `_start`.

    Args:
        thread: name of the thread.
        who: whose it is, for people: "sensor tank".
        patience_s: a round comes to `_expect` in time, unless it hangs.
        once: one round is all there is to do.
    """

    def __init__(self, thread: str, who: str, patience_s: float, *, once: bool = False) -> None:
        self.due_s = math.inf  # by when it comes round again, unless it hangs (`time.monotonic()`)
        self.trouble = ""  # why nothing comes now
        self.ended = False  # whether nothing will ever come again
        self._who, self._patience_s, self._once = who, patience_s, once
        self._stop = threading.Event()
        self._backoff = Backoff(LONGEST_PAUSE_S, first_s=0.2)
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def end(self) -> None:
        """Ask it to end; does not wait."""
        self._stop.set()

    def close(self, within_s: float = CLOSE_S) -> None:
        """End it; waits so long at most."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join(within_s)

    @abstractmethod
    def _round(self) -> float:
        """Work; how long to rest before the next round, seconds.

        Raises:
            SourceError: it cannot; it is told of once, and tried again.
        """

    @property
    def _stopped(self) -> bool:
        """Whether it is to end."""
        return self._stop.is_set()

    def _start(self) -> None:
        """Begin to work; does not wait."""
        self._thread.start()

    def _rest(self, seconds: float) -> bool:
        """Wait; whether it is to end."""
        self._expect(seconds)
        return self._stop.wait(max(0.0, seconds))

    def _expect(self, within_s: float = 0.0) -> None:
        """It comes round again in so many seconds, at the latest."""
        self.due_s = time.monotonic() + max(0.0, within_s) + self._patience_s

    def _well(self) -> None:
        """Something came."""
        if self.trouble:
            _log.info("%s: it is back", self._who)
            self.trouble = ""
        self._backoff.reset()

    def _run(self) -> None:
        while not self._stopped and not self.ended:
            self._expect()
            try:
                pause_s = self._round()
            except SourceError as error:
                pause_s = self._failed(str(error))
            if self._once and not self._stopped:
                self.ended = True
            elif not self.ended:
                self._rest(pause_s)
        self.due_s = math.inf

    def _failed(self, said: str) -> float:
        """Tell of it, once for each time that it goes away; when to try again, in seconds."""
        if not self.trouble:
            _log.warning("%s: %s", self._who, said.removeprefix(f"{self._who}: "))
        self.trouble = said
        return self._backoff.next_s()
