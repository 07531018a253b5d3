"""A serial port, by the operating system's own means: opened again and again while it is not there."""

import errno
import os
import select
import termios
import time
import tty

from edge.contracts.errors import SourceError
from edge.sensors.arrival import Raw
from edge.sensors.lines import Lines
from edge.sensors.settings import SerialSource
from edge.sensors.source import Offer, ignore
from edge.sensors.worker import Worker

PATIENCE_S = 30.0
_TURN_S = 0.2
_PIECE_BYTES = 4096


class SerialSensor(Worker):
    """Reads one port on a thread of its own.

    Args:
        settings: which port, and how fast.
        name: of the sensor, for people.
    """

    def __init__(self, settings: SerialSource, name: str) -> None:
        super().__init__(f"sensor-{name}", f"sensor {name}", PATIENCE_S)
        self._settings = settings
        self._offer: Offer = ignore

    def begin(self, offer: Offer) -> None:
        """Start the thread."""
        self._offer = offer
        self._start()

    def _round(self) -> float:
        """From opening the port until it goes away."""
        try:
            port = open_port(self._settings.device, self._settings.baud)
            try:
                self._follow(port)
            finally:
                os.close(port)
        except (OSError, termios.error) as error:
            raise SourceError(_in_words(self._settings.device, error)) from error
        return 0.0

    def _follow(self, port: int) -> None:
        """Hand over lines until the port goes away. Raises OSError then."""
        lines = Lines()
        while not self._stopped:
            self._expect()
            if not select.select([port], [], [], _TURN_S)[0]:
                continue
            try:
                piece = os.read(port, _PIECE_BYTES)
            except BlockingIOError:  # somebody else read it
                continue
            if not piece:
                raise OSError(errno.EIO, "it was unplugged")
            self._well()
            for line in lines.feed(piece):
                self._offer(Raw(line, time.monotonic(), time.time_ns(), stale=False))


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
