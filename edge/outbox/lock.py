"""One process per outbox: a lock that goes away with the process, however it ends."""

import fcntl
import os
from pathlib import Path

from edge.contracts.errors import ConfigError


def hold(path: Path) -> int:
    """Lock `path` and return the file descriptor that holds the lock; `os.close` releases it.

    Raises:
        ConfigError: another process holds it, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}; check the folder and its rights") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise ConfigError(
            f"{path}: another daemon uses this outbox; stop it, or give each its own state folder"
        ) from error
    return held
