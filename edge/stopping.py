"""What the operating system asks of a command: to stop, and to leave everything in order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ASKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM, SIGINT and SIGHUP set, for as long as the block runs. For the main thread."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in ASKED}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
