"""Where the daemon and its updates meet: what runs now, and how it is made to run something else."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edge.config.settings import ModelFile, Settings
from edge.orders import Loaded, Refused, ReloadResult
from edge.runtime.switched import SwitchedRuntime
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.redaction import redacted

CHANGE_S = 320.0  # a change of configuration takes no longer
READINGS = 2  # one may have been begun before it was asked for


class SwitchedModels(Protocol):
    """The models of what runs; see `edge.assembly.Models`."""

    @property
    def switched(self) -> Mapping[ModelFile, SwitchedRuntime]:
        """Those in whose place others can be put between two frames, by what the configuration names."""

    def put(self, named: ModelFile, other: ModelFile) -> None:
        """Load another one, and let it serve from the next frame on. Raises ModelError."""


@dataclass(frozen=True, eq=False, slots=True)
class RunningConfiguration:
    """What runs now."""

    settings: Settings
    models: SwitchedModels
    captured: Callable[[], int]  # frames of all cameras since it began


class DaemonControl:
    """May be used on any thread. The daemon says `started`, `stopped`, `reloaded` and `end`; installers ask.

    Args:
        ask: has the configuration read again, and taken up.
        adopted: told of settings that run now without that.
    """

    def __init__(self, ask: Callable[[], object], adopted: Callable[[Settings], None]) -> None:
        self._ask, self.adopt = ask, adopted
        self._changed = threading.Condition()
        self._reloads = 0
        self._result: ReloadResult = Loaded()
        self._ended = self.has_run = False
        self.running: RunningConfiguration | None = None

    def started(self, running: RunningConfiguration) -> None:
        """This is at work from now on."""
        self.has_run = True
        self._set(running)

    def stopped(self) -> None:
        """Nothing is, until another one has `started`."""
        self._set(None)

    def reloaded(self, result: ReloadResult) -> None:
        """How a change of configuration went."""
        with self._changed:
            self._reloads, self._result = self._reloads + 1, result
            self._changed.notify_all()

    def end(self) -> None:
        """The daemon ends: nobody waits any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def settled(self) -> None:
        """Wait until something runs, where a change is on its way. Raises RefusedError where the daemon ends."""
        self.wait(lambda: self.running is not None, CHANGE_S)

    def reload(self, done: Callable[[], bool]) -> None:
        """Have the configuration taken up as it is on disk now, and wait until it is.

        Raises:
            RefusedError: it is not, for it is of no use; or the daemon ends.
        """
        for reading in range(READINGS):
            result = self._reload_once(done)
            if done():
                return
            if isinstance(result, Refused) and reading:
                reason = Reason.NO_SPACE if result.untried else Reason.UNFIT
                raise RefusedError(reason, redacted(f"the daemon does not run with it: {result.why}"))
        raise RefusedError(Reason.UNFIT, "the daemon does not run with it, though it read it; see its log")

    def wait(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Whether that comes true in time. Raises RefusedError where the daemon ends."""
        until_s = time.monotonic() + limit_s
        with self._changed:
            while not done():
                left_s = until_s - time.monotonic()
                if self._ended:
                    raise RefusedError(Reason.STOPPED, "the daemon ends; it goes on with the next one")
                if left_s <= 0:
                    return False
                self._changed.wait(min(left_s, 0.05))
        return True

    def _reload_once(self, done: Callable[[], bool]) -> ReloadResult:
        """What the daemon said last."""
        before = self._reloads
        self._ask()
        self.wait(lambda: self._reloads > before or done(), CHANGE_S)
        return self._result

    def _set(self, running: RunningConfiguration | None) -> None:
        with self._changed:
            self.running = running
            self._changed.notify_all()
