"""Bytes of a serial port, cut into lines of bounded length."""

from edge.sensors.payload import LIMIT_BYTES


class Lines:
    """Puts pieces together. The first line is thrown away: what looks like `1.5` may be the end of `21.5`."""

    def __init__(self) -> None:
        self.lost = 0  # lines that were too long
        self._rest = b""
        self._skip = True

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends and without empty ones."""
        *lines, self._rest = (self._rest + piece).replace(b"\r", b"\n").split(b"\n")
        if lines and self._skip:
            self._skip = False
            lines = lines[1:]
        if len(self._rest) > LIMIT_BYTES:
            self._rest, self._skip = b"", True
            self.lost += 1
        return [line for line in lines if line.strip()]
