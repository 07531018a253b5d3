"""A broker made of raw bytes: answers what a test tells it to, however wrong."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Line = socket.socket
CONNACK_311 = b"\x20\x02\x00\x00"
CONNACK_5 = b"\x20\x03\x00\x00\x00"


def packet(line: Line) -> bytes:
    """The next whole MQTT packet; empty at the end of the connection."""
    head = line.recv(1)
    if not head:
        return b""
    length, shift = 0, 0
    while True:
        byte = line.recv(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            break
    body = b""
    while len(body) < length:
        body += line.recv(length - len(body))
    return head + body


def connect_level(connect: bytes) -> int:
    """The protocol level of a CONNECT packet: 4 for 3.1.1, 5 for MQTT 5."""
    return connect[connect.index(b"MQTT") + 4]


def publish(topic: bytes, payload: bytes, v5: bool = True) -> bytes:
    """A QoS 0 PUBLISH of a short message."""
    body = len(topic).to_bytes(2, "big") + topic + (b"\x00" if v5 else b"") + payload
    return b"\x30" + bytes([len(body)]) + body


class RawServer:
    """Listens on a loopback port and runs `serve` for each connection. Use as a context manager."""

    def __init__(self, serve: Callable[[Line], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lines: list[Line] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines.append(line)
            with line, contextlib.suppress(OSError, IndexError, ValueError):
                self._serve(line)
