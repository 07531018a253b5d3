"""One process at a time: a lock file that frees itself when its holder ends, however it ends, and is then deleted."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.contracts.errors import EdgeError

_TURN_S = 0.05


class HeldError(EdgeError):
    """Another process had the lock all the time."""


@contextmanager
def locked(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        path: of the lock file, in a folder that is there; deleted again afterwards.
        wait_s: for whoever holds it now.

    Raises:
        HeldError: somebody held it for so long.
        OSError: the file cannot be made, or its file system knows no locks.
    """
    held = _taken(path, time.monotonic() + wait_s, wait_s)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held: who waits for it sees that it has gone, and makes another
        os.close(held)


def _taken(path: Path, deadline_s: float, wait_s: float) -> int:
    """The descriptor that holds the lock."""
    while True:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, held):
                return held
        except BlockingIOError:
            if time.monotonic() >= deadline_s:
                os.close(held)
                raise HeldError(f"{path} was held by another process for {wait_s:g} s") from None
            time.sleep(_TURN_S)
        except OSError:
            os.close(held)
            raise
        os.close(held)


def _is_still(path: Path, held: int) -> bool:
    """Whether the file that is held is the one of that name: its last holder may have deleted it meanwhile."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(held)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
