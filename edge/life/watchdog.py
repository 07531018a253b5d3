"""Pings the service manager for as long as every stage of the daemon makes progress, and only then."""

import logging
import time
from collections.abc import Callable, Mapping

from edge.contracts.clerk import Clerk, Desk
from edge.life.notify import Notifier

PERIOD_S = 5.0  # where nobody waits for pings
LOG_PAUSE_S = 60.0
Due = Callable[[], Mapping[str, float]]  # by when each stage comes round again, `time.monotonic()`, by its name
_log = logging.getLogger(__name__)


class Watchdog(Clerk[None]):
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
        period_s = notifier.watchdog_s / 2 or PERIOD_S
        super().__init__(Desk("watchdog", "a look failed, which is no sign of life", turn_s=period_s))
        self._notifier, self._due, self._mend = notifier, due, mend
        self._said_s = -LOG_PAUSE_S

    def stuck(self, now_s: float) -> dict[str, float]:
        """The stages that are overdue, and by how many seconds."""
        return {name: now_s - due_s for name, due_s in self._due().items() if now_s > due_s}

    def _turn(self) -> None:
        now_s = time.monotonic()
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
