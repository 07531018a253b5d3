"""A thread of the daemon that works off what is put on its desk, in order, and ends in order within a deadline."""

import logging
import os
import threading
import time
from abc import ABC
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

_Thing = TypeVar("_Thing")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """How a clerk works."""

    name: str  # of the thread
    fault: str  # what the log says where work fails: "a lesson failed"
    room: int = 1  # things that may wait
    turn_s: float = 1.0  # from one turn to the next where nothing comes
    close_s: float = 2.0  # that its end may take
    nice: int = 0  # the thread's niceness, 19 is the lowest priority; 0 is as the process has it
    drains: bool = False  # at its end it works off what waits, within `close_s`; else that is dropped


class Clerk(ABC, Generic[_Thing]):
    """Use as a context manager: entering starts the thread, leaving ends it. A subclass says what the work is.

    `_begin`, `_work`, `_turn` and `_end` run on the thread. Whatever they raise is logged, and the next thing has its
    turn: one that fails must not be the last.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn_s = desk.turn_s
        self._things: deque[_Thing] = deque()
        self._come = threading.Condition()  # may be entered again, by a signal handler on the thread that is inside
        self._ending = False
        self._until_s = 0.0  # the end of what its end may take
        self._thread = threading.Thread(target=self._run, name=desk.name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._come:
            self._until_s = time.monotonic() + self._desk.close_s
            self._ending = True
            self._come.notify_all()
        self._thread.join(self._desk.close_s)
        if self._thread.is_alive():
            _log.warning("the thread %s has not ended within %g s", self._desk.name, self._desk.close_s)

    @property
    def waiting(self) -> int:
        """Things that have come and are not begun yet."""
        return len(self._things)

    def _put(self, thing: _Thing) -> bool:
        """Leave a thing to the thread; False: as many wait as may. Any thread and signal handler; never waits long."""
        with self._come:
            if len(self._things) >= self._desk.room:
                return False
            self._things.append(thing)
            self._come.notify()
        return True

    def _begin(self) -> bool:
        """Comes first. False: there is nothing to be done here, and the thread ends."""
        return True

    def _work(self, thing: _Thing) -> None:
        """Comes for each thing."""

    def _turn(self) -> None:
        """Comes whenever what had come is worked off, and after `turn_s` in which nothing came."""

    def _end(self) -> None:
        """Comes last."""

    def _run(self) -> None:
        if self._desk.nice:
            with suppress(OSError):  # a process of less priority stays at its own
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._desk.nice)
        if not self._guarded(self._begin):
            return
        while self._wait():
            for _ in range(len(self._things)):  # and no more, so that turns come however fast things do
                if not self._ending:
                    self._next()
            self._guarded(self._turn)
        while self._desk.drains and self._things and time.monotonic() < self._until_s:
            self._next()
        self._guarded(self._end)

    def _wait(self) -> bool:
        """For a thing, a turn, or the end; whether it is not the end."""
        with self._come:
            self._come.wait_for(lambda: self._ending or len(self._things) > 0, self._turn_s)
            return not self._ending

    def _next(self) -> None:
        thing = self._things.popleft()
        self._guarded(lambda: self._work(thing))

    def _guarded(self, call: Callable[[], object]) -> object:
        """What it returns; None where it raises."""
        try:
            return call()
        except Exception:  # noqa: BLE001 - whatever it is, what comes after it is not to suffer
            _log.exception("%s: %s", self._desk.name, self._desk.fault)
            return None
