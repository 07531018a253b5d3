"""Keeps listening to a source of sound on a thread of its own: opened again and again while it is not there."""

import logging
import math
import threading
import time
from collections.abc import Callable

from edge.contracts.backoff import Backoff
from edge.contracts.errors import SourceError
from edge.contracts.resampling import Resampler
from edge.sensors.sound_piece import Piece, Sounding

PATIENCE_S = 3.0  # without a piece: it is opened again
LONGEST_PAUSE_S = 10.0
_log = logging.getLogger(__name__)


class Listening:
    """Hands over pieces at one rate, from `begin` to `close`.

    Args:
        name: of the sensor, for people.
        make: a new source, not yet open.
        rate_hz: of the pieces that are handed over.
        heard: takes them, and whether each follows on the last one; called on this thread.
    """

    def __init__(
        self, name: str, make: Callable[[], Sounding], rate_hz: int, heard: Callable[[Piece, bool], None]
    ) -> None:
        self.due_s = math.inf
        self.trouble = ""
        self.ended = False
        self.pieces = 0
        self._name, self._make, self._rate_hz, self._heard = name, make, rate_hz, heard
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread; does not wait."""
        self._thread = threading.Thread(target=self._run, name=f"sound-{self._name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._stop.set()
        if self._thread:
            self._thread.join(PATIENCE_S + 1.0)

    def _run(self) -> None:
        backoff = Backoff(LONGEST_PAUSE_S, first_s=0.2)
        while not self._stop.is_set() and not self.ended:
            try:
                with self._make() as source:
                    self._follow(source, backoff)
            except SourceError as error:
                if not self.trouble:
                    _log.warning("%s; trying again", error)
                self.trouble = str(error)
                self.due_s = time.monotonic() + LONGEST_PAUSE_S + 2 * PATIENCE_S
                self._stop.wait(backoff.next_s())
        self.due_s = math.inf

    def _follow(self, source: Sounding, backoff: Backoff) -> None:
        resampler = Resampler(source.rate_hz, self._rate_hz) if source.rate_hz != self._rate_hz else None
        follows = False
        while not self._stop.is_set():
            self.due_s = time.monotonic() + 2 * PATIENCE_S
            piece = source.read(time.monotonic() + PATIENCE_S)
            if piece is None:
                self.ended = True
                return
            if self.trouble:
                _log.info("sensor %s: it is heard again", self._name)
                self.trouble = ""
            backoff.reset()
            samples = resampler.step(piece.samples) if resampler else piece.samples
            self._heard(Piece(samples, piece.t_s, piece.utc_ns), follows)
            self.pieces += 1
            follows = True
