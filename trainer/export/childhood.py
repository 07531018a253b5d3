"""How a process behaves in which something is converted: it ends with its parent, and says in a line what is wrong."""

import ctypes
import signal
import sys
from collections.abc import Callable

import tensorflow as tf

from trainer.errors import TrainError

PR_SET_PDEATHSIG = 1  # prctl(2)


def serve_parent(work: Callable[[], None]) -> int:
    """Do the work; the exit code, 0 where it is done, else 1 and the reason on standard error."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # whoever waits for us may be killed
    tf.get_logger().setLevel("ERROR")  # what it has to say otherwise would stand before the reason
    try:
        work()
    except TrainError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - the parent reads it
        return 1
    return 0
