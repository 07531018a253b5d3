"""A hand: one thread that does one thing after the other, so that whoever asked can wait with a deadline.

A disk that is about to die can hold a read or write for ever, in a state in which no signal reaches the thread. So the
thread is a daemon: it is left behind, and the program ends nevertheless.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
END_S = 15.0  # for what is under way, such as one write to a slow card


class Hand:
    """Use as a context manager; what was asked for and not begun is dropped at the end."""

    def __init__(self, name: str, end_s: float = END_S) -> None:
        self._end_s = end_s
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def do(self, work: Callable[[], T]) -> "Future[T]":
        """Ask for something to be done after all that was asked for before."""
        future: Future[T] = Future()

        def step() -> None:
            if self._ended.is_set():
                future.cancel()
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for it
                future.set_exception(error)

        self._asked.put(step)
        return future

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._asked.put(None)
        self._thread.join(self._end_s)

    def _run(self) -> None:
        while (step := self._asked.get()) is not None:
            step()
