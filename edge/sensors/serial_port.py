"""A serial port, by the operating system's own means: opened again and again while it is not there."""

import errno
import logging
import math
import os
import select
import termios
import threading
import time
import tty

from edge.contracts.backoff import Backoff
from edge.sensors.arrival import Raw
from edge.sensors.lines import Lines
from edge.sensors.settings import SerialSource
from edge.sensors.source import Offer

PATIENCE_S = 30.0
LONGEST_PAUSE_S = 10.0
_TURN_S = 0.2
_PIECE_BYTES = 4096
_log = logging.getLogger(__name__)


class SerialSensor:
    """Reads one port on a thread of its own.

    Args:
        settings: which port, and how fast.
        name: of the sensor, for people.
    """

    ended = False

    def __init__(self, settings: SerialSource, name: str) -> None:
        self.due_s = math.inf
        self.trouble = ""
        self._settings, self._name = settings, name
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, offer: Offer) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, args=(offer,), name=f"sensor-{self._name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._stop.set()
        if self._thread:
            self._thread.join(1.0)

    def _run(self, offer: Offer) -> None:
        backoff = Backoff(LONGEST_PAUSE_S, first_s=0.2)
        while not self._stop.is_set():
            self.due_s = time.monotonic() + PATIENCE_S
            try:
                port = open_port(self._settings.device, self._settings.baud)
                try:
                    self._follow(port, offer, backoff)
                finally:
                    os.close(port)
            except (OSError, termios.error) as error:
                self._say(error)
            self.due_s = time.monotonic() + LONGEST_PAUSE_S + PATIENCE_S
            self._stop.wait(backoff.next_s())
        self.due_s = math.inf

    def _follow(self, port: int, offer: Offer, backoff: Backoff) -> None:
        """Hand over lines until the port goes away. Raises OSError then."""
        lines = Lines()
        while not self._stop.is_set():
            self.due_s = time.monotonic() + PATIENCE_S
            if not select.select([port], [], [], _TURN_S)[0]:
                continue
            try:
                piece = os.read(port, _PIECE_BYTES)
            except BlockingIOError:  # somebody else read it
                continue
            if not piece:
                raise OSError(errno.EIO, "it was unplugged")
            if self.trouble:
                _log.info("sensor %s: %s is back", self._name, self._settings.device)
                self.trouble = ""
            backoff.reset()
            for line in lines.feed(piece):
                offer(Raw(line, time.monotonic(), time.time_ns(), stale=False))

    def _say(self, error: Exception) -> None:
        """Once for each time that it goes away."""
        if not self.trouble:
            _log.warning("sensor %s: %s; trying again", self._name, _in_words(self._settings.device, error))
        self.trouble = _in_words(self._settings.device, error)


def open_port(device: str, baud: int) -> int:
    """The port, raw, eight bits, no parity; reading never waits.

    Raises:
        OSError, termios.error: it is not there, or no serial port.
    """
    port = os.open(device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(port, termios.TCSANOW)
        attributes = termios.tcgetattr(port)
        speed = getattr(termios, f"B{baud}")
        attributes[2] |= termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(port, termios.TCSANOW, attributes)
    except BaseException:
        os.close(port)
        raise
    return port


_ADVICE = {
    errno.ENOENT: "is not there; plug it in, or correct `device`",
    errno.EACCES: "may not be read; add the daemon's user to the group dialout",
    errno.ENOTTY: "is no serial port; correct `device`",
    errno.EIO: "was unplugged",
    errno.ENXIO: "was unplugged",
    errno.EBUSY: "is used by another program; end that one",
}


def _in_words(device: str, error: Exception) -> str:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return f"{device} {_ADVICE.get(number, f'cannot be read: {error}')}"
