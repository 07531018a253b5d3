"""Ends what waits for the network: when the daemon ends, and when nobody wants any more what is being fetched."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge.contracts.update_state import Wish

BEAT_S = 5.0


class Interrupt:
    """One thread works and waits; any may end that.

    Args:
        beat: called while a wish is worked on, every few seconds.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._changed = threading.Condition()
        self._ended = self._dropped = False
        self._wish: tuple[Wish, ...] = ()
        self._beat, self._beat_s = beat, 0.0

    @contextmanager
    def work(self, wish: Wish) -> Iterator[None]:
        """While the block runs, waits end once that wish is dropped."""
        with self._changed:
            self._wish, self._dropped = (wish,), False
        try:
            yield
        finally:
            with self._changed:
                self._wish, self._dropped = (), False

    def wanted(self, wishes: Sequence[Wish]) -> None:
        """These only are wanted from now on."""
        with self._changed:
            self._dropped = self._dropped or any(wish not in wishes for wish in self._wish)
            self._changed.notify_all()

    def end(self) -> None:
        """The daemon ends."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Pause; whether to stop instead of going on."""
        if self._wish and time.monotonic() >= self._beat_s:
            self._beat_s = time.monotonic() + BEAT_S
            self._beat()
        with self._changed:
            return self._changed.wait_for(lambda: self._ended or self._dropped, seconds)
