"""Pings the service manager for as long as every stage of the daemon makes progress, and only then."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from edge.life.notify import Notifier

PERIOD_S = 5.0  # where nobody waits for pings
LOG_PAUSE_S = 60.0
Due = Callable[[], Mapping[str, float]]  # by when each stage comes round again, `time.monotonic()`, by its name
_log = logging.getLogger(__name__)


class Watchdog:
    """Use as a context manager.

    A thread that hangs in a library cannot be ended. Those of cameras are replaced (`mend`), processes of decoders
    and accelerators are killed by who waits for them; where the inference itself hangs, or the outbox, the pings end,
    and the service manager starts the daemon anew.

    Args:
        notifier: told.
        due: asked.
        mend: called before each look, to start anew what can be.
    """

    def __init__(self, notifier: Notifier, due: Due, mend: Callable[[], None]) -> None:
        self._notifier, self._due, self._mend = notifier, due, mend
        self._period_s = notifier.watchdog_s / 2 or PERIOD_S
        self._said_s = -LOG_PAUSE_S
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(2.0)

    def stuck(self, now_s: float) -> dict[str, float]:
        """The stages that are overdue, and by how many seconds."""
        return {name: now_s - due_s for name, due_s in self._due().items() if now_s > due_s}

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            try:
                self._look(time.monotonic())
            except Exception:  # noqa: BLE001 - a look that fails is no sign of life, and the next one may not
                _log.exception("the watchdog failed")

    def _look(self, now_s: float) -> None:
        self._mend()
        stuck = self.stuck(now_s)
        if not stuck:
            self._notifier.alive("running")
            return
        said = "; ".join(f"{name}, overdue by {late_s:.0f} s" for name, late_s in stuck.items())
        self._notifier.status(f"stuck: {said}")
        if now_s - self._said_s >= LOG_PAUSE_S:
            self._said_s = now_s
            _log.error("stuck: %s", said)
