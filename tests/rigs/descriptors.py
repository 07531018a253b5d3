"""A process that has no file descriptor left: real EMFILE from the system."""

import contextlib
import os
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def none_left() -> Iterator[None]:
    """Nothing can be opened meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)  # all below it are in use
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        os.close(lowest)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
