"""What the running daemon is told to do next: to stop, or to go on with another configuration."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge.config.settings import Settings
from edge.contracts.clerk import Clerk, Desk
from edge.contracts.errors import EdgeError
from edge.runtime.faults import is_untried

_log = logging.getLogger(__name__)


class Orders:
    """`changed` is set whenever what runs now shall end. May be given on any thread and from a signal handler."""

    def __init__(self) -> None:
        self.changed = threading.Event()
        self._stopping = False
        self._next: Settings | None = None

    def stop(self) -> None:
        """End everything."""
        self._stopping = True
        self.changed.set()

    def replace(self, settings: Settings) -> None:
        """Go on with these."""
        self._next = settings
        self.changed.set()

    def take(self) -> Settings | None:
        """What to go on with; None: nothing. Asked when what ran has ended."""
        self.changed.clear()  # first: what is ordered from here on sets it again
        following, self._next = self._next, None
        if self._stopping:  # whichever came first
            self.changed.set()
            return None
        return following


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration as it is on disk runs."""

    def __str__(self) -> str:
        return "loaded"


@dataclass(frozen=True, slots=True)
class Refused:
    """It is of no use, and what ran before goes on."""

    why: str
    untried: bool = False  # it says nothing of what was to be loaded: there was no room to try it

    @classmethod
    def of(cls, error: Exception) -> "Refused":
        """What an error comes to."""
        why = str(error) if isinstance(error, EdgeError) else repr(error)
        return cls(why, is_untried(error))

    def __str__(self) -> str:
        return f"refused: {self.why}"


ReloadResult = Loaded | Refused


class Reloader(Clerk[None]):
    """Reads the configuration again whenever it is asked to, on a thread of its own: what runs goes on meanwhile.

    Use as a context manager.

    Args:
        read: the configuration as it is on disk now, checked; raises an EdgeError where it is of no use.
        orders: told of a good one.
        say: told where it is of no use; who takes it up says how that went.
    """

    def __init__(self, read: Callable[[], Settings], orders: Orders, say: Callable[[Refused], None]) -> None:
        super().__init__(Desk("reloader", "the configuration stays as it was"))
        self._read, self._orders, self._say = read, orders, say

    def ask(self) -> None:
        """Read it soon. May be called on any thread and from a signal handler."""
        self._put(None)  # asked already, and not begun: that one will do

    def _work(self, thing: None) -> None:
        try:
            settings = self._read()
        except EdgeError as error:
            _log.error("the configuration stays as it was: %s", error)
            self._say(Refused.of(error))
        except Exception as error:  # noqa: BLE001 - whatever is on disk, what runs goes on
            _log.exception("the configuration stays as it was")
            self._say(Refused.of(error))
        else:
            self._orders.replace(settings)


@contextmanager
def signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT stop, SIGHUP reloads, for as long as the block runs. For the main thread."""
    table = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
    before = {number: signal.signal(number, lambda *_, act=act: act()) for number, act in table.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
