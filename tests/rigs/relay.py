"""A way to a broker that is closed until it is opened: what else has to be there first, then is."""

import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from tests.rigs.ports import held_port, port_of

CHUNK_BYTES = 65_536
END_S = 10.0


class Relay:
    """Use as a context manager. Who connects to `port` is refused before `open`, and reaches `target` from then on.

    A device that is given this port instead of the broker's cannot reach the broker before a listener has
    subscribed there, however fast the one and slow the other.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> Self:
        self._door = held_port()
        self.port = port_of(self._door)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._ended = True
            lines = [self._door, *self._lines]
        for line in lines:
            _cut(line)
        for thread in self._threads:  # the first one is the door's: it adds none once it has ended
            thread.join(END_S)
        for line in lines:
            line.close()

    def open(self) -> None:
        """Let them in."""
        self._door.listen()
        self._begin(self._admit)

    def _admit(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=END_S)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            if not self._keep(near, far):
                return
            self._begin(partial(_pump, near, far))
            self._begin(partial(_pump, far, near))

    def _keep(self, near: socket.socket, far: socket.socket) -> bool:
        """Note a pair; False where it came too late, and is closed."""
        for line in (near, far):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if not self._ended:
                self._lines += [near, far]
                return True
        near.close()
        far.close()
        return False

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


def _pump(come: socket.socket, go: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := come.recv(CHUNK_BYTES):
            go.sendall(piece)
    _cut(come)
    _cut(go)


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
