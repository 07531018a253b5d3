"""Loopback ports that stay ours, and waiting until somebody listens on one."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.patience import patient

START_S = 30.0


def held_port() -> socket.socket:
    """A socket that is bound to a free loopback port and does not listen: whoever connects is refused.

    For as long as it is open nobody else is given that port, neither as a free one nor as the near end of a
    connection. A server that sets SO_REUSEADDR, as mosquitto and GStreamer do, can listen there all the same.
    """
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
    except BaseException:
        held.close()
        raise
    return held


def port_of(held: socket.socket) -> int:
    """The port of a bound socket."""
    return int(held.getsockname()[1])


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens for as long as this lasts."""
    with held_port() as held:
        yield port_of(held)


def wait_listening(port: int, timeout_s: float = START_S) -> None:
    """Wait until something accepts connections."""
    deadline_s = time.monotonic() + patient(timeout_s)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)
        else:
            return
