"""Keeps listening to a source of sound on a thread of its own: opened again and again while it is not there."""

import time
from collections.abc import Callable

from edge.contracts.resampling import Resampler
from edge.sensors.sound_piece import Piece, Sounding
from edge.sensors.worker import Worker

PATIENCE_S = 3.0  # without a piece: it is opened again
CLOSE_S = PATIENCE_S + 1.0


class Listening(Worker):
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
        super().__init__(f"sound-{name}", f"sensor {name}", 2 * PATIENCE_S)
        self.pieces = 0
        self._make, self._rate_hz, self._heard = make, rate_hz, heard

    def begin(self) -> None:
        """Start the thread; does not wait."""
        self._start()

    def _round(self) -> float:
        """From opening the source to its end."""
        with self._make() as source:
            resampler = Resampler(source.rate_hz, self._rate_hz) if source.rate_hz != self._rate_hz else None
            follows = False
            while not self._stopped:
                self._expect()
                piece = source.read(time.monotonic() + PATIENCE_S)
                if piece is None:
                    self.ended = True
                    break
                self._well()
                samples = resampler.step(piece.samples) if resampler else piece.samples
                self._heard(Piece(samples, piece.t_s, piece.utc_ns), follows)
                self.pieces += 1
                follows = True
        return 0.0
