"""Where the daemon and its updates meet: what runs now, and how it is made to run something else."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edge.config.settings import ModelFile, Settings
from edge.runtime.switched import SwitchedRuntime
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.hiding import hidden

REFUSED = "refused: "  # what the daemon says of a configuration that it does not run begins so
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
class Present:
    """What runs now."""

    settings: Settings
    models: SwitchedModels
    captured: Callable[[], int]  # frames of all cameras since it began


class Seat:
    """May be used on any thread. The daemon says `runs`, `rests`, `told` and `end`; installers ask.

    Args:
        ask: has the configuration read again, and taken up.
        adopted: told of settings that run now without that.
    """

    def __init__(self, ask: Callable[[], object], adopted: Callable[[Settings], None]) -> None:
        self._ask, self.adopt = ask, adopted
        self._changed = threading.Condition()
        self._count, self._told = 0, ""
        self._ended = self.began = False
        self.present: Present | None = None

    def runs(self, present: Present) -> None:
        """This is at work from now on."""
        self.began = True
        self._set(present)

    def rests(self) -> None:
        """Nothing is, until it `runs` again."""
        self._set(None)

    def told(self, text: str) -> None:
        """How a change of configuration went: what the daemon says of it in public."""
        with self._changed:
            self._count, self._told = self._count + 1, text
            self._changed.notify_all()

    def end(self) -> None:
        """The daemon ends: nobody waits any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def settled(self) -> None:
        """Wait until something runs, where a change is on its way. Raises RefusedError where the daemon ends."""
        self.wait(lambda: self.present is not None, CHANGE_S)

    def reload(self, done: Callable[[], bool]) -> None:
        """Have the configuration taken up as it is on disk now, and wait until it is.

        Raises:
            RefusedError: it is not, for it is of no use; or the daemon ends.
        """
        for turn in range(READINGS):
            said = self._once(done)
            if done():
                return
            if said.startswith(REFUSED) and turn:
                why = f"the daemon does not run with it: {said.removeprefix(REFUSED)}"
                raise RefusedError(Reason.UNFIT, hidden(why))
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

    def _once(self, done: Callable[[], bool]) -> str:
        before = self._count
        self._ask()
        self.wait(lambda: self._count > before or done(), CHANGE_S)
        return self._told

    def _set(self, present: Present | None) -> None:
        with self._changed:
            self.present = present
            self._changed.notify_all()
