"""The end of the process, in order also where a thread was left behind."""

import logging
import os
import sys
import threading
from typing import NoReturn


def end(code: int) -> NoReturn:
    """End with an exit code.

    A thread that hangs in a library, or is only slow, is left behind when a command ends. Were the interpreter taken
    down under it, it would be ended in the middle of C++ code, which ends the process with SIGABRT whatever the code;
    so then everything that was said is written out, and nothing is taken down.
    """
    here = threading.current_thread()
    if any(thread.daemon for thread in threading.enumerate() if thread is not here):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
