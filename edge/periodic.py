"""Something that is done again and again, beside everything else."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Periodic:
    """Calls a function on a thread of its own, again and again. Use as a context manager."""

    def __init__(self, call: Callable[[], None], first_s: float, period_s: float) -> None:
        self._call, self._first_s, self._period_s = call, first_s, period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._stop.wait(wait_s):
            wait_s = self._period_s
            try:
                self._call()
            except Exception:  # noqa: BLE001 - a report that fails must not be the last
                _log.exception("the report failed")
