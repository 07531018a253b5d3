"""Keeps the learner's process: starts it, hears it, and starts it anew when it dies or hangs."""

import json
import logging
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from edge.contracts.backoff import Backoff
from edge.contracts.process import Child, dying_with_us
from edge.contracts.sandbox import bare_environment
from edge.contracts.stored import Json
from edge.learners.handover import HandOver
from edge.learners.wire import LARGEST

WAY_BYTES = 1 << 20  # that may wait for the process; the system may allow less
TURN_S, FIRST_S, MOST_S = 0.2, 1.0, 300.0  # how often commands go out; waits before it is started again
OPEN_S, HANG_S = 600.0, 300.0  # without a word from it: it may get next to no time on a busy machine
STEADY_S, END_S, CLOSE_S = 120.0, 2.0, 8.0
MOST_COMMANDS = 64
Heard = Callable[[Mapping[str, Json]], None]
_log = logging.getLogger(__name__)


class Keeper:
    """Use as a context manager. All is done on one thread, whose end would take the process with it.

    Args:
        order: what the process is told when it starts, asked for anew each time.
        way: looks and readings go by it.
        heard: what the process tells; called on the thread of this.
        lost: told whenever it is gone; `trouble` says why.
        hang_s: without a word, after which it is killed.
    """

    def __init__(
        self,
        order: Callable[[], str],
        way: HandOver,
        heard: Heard,
        lost: Callable[[], None],
        hang_s: float = HANG_S,
    ) -> None:
        self._order, self._way, self._heard, self._lost, self._hang_s = order, way, heard, lost, hang_s
        self._stop = threading.Event()
        self._commands: deque[bytes] = deque(maxlen=MOST_COMMANDS)
        self._backoff = Backoff(MOST_S, FIRST_S)
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self.restarts = -1  # how often it was started again; -1 before the first start
        self.trouble = ""  # why there is no process, else ""
        self.pid = 0  # 0 while there is none
        self.heard_s = time.monotonic()  # when it last said something

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(CLOSE_S)

    def command(self, told: Mapping[str, Json]) -> None:
        """Let the process know soon, or when it is there again. Any thread."""
        self._commands.append(json.dumps(told).encode())

    def _run(self) -> None:
        while not self._stop.is_set():
            begun_s = time.monotonic()
            try:
                self.trouble = self._once()
            except Exception as error:  # noqa: BLE001 - whatever it is, the daemon goes on, and so does this
                self.trouble = f"it cannot be started: {error}"
            if self._stop.is_set():
                return
            if time.monotonic() - begun_s >= STEADY_S:
                self._backoff.reset()
            self._lost()
            wait_s = self._backoff.next_s()
            _log.error("the learner: %s; started again in %.1f s", self.trouble, wait_s)
            self._stop.wait(wait_s)

    def _once(self) -> str:
        """Start it and serve it until it ends; why it ended."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            with theirs:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WAY_BYTES)
                argv = [sys.executable, "-P", "-m", "edge.learners.process", self._order(), str(theirs.fileno())]
                child = Child(dying_with_us(argv), (theirs.fileno(),), bare_environment())
            self.restarts += 1
            self.pid = child.pid
            try:
                self._way.connect(ours)
                return self._serve(child, ours)
            finally:
                self._way.connect(None)
                self.pid = 0
                child.kill()

    def _serve(self, child: Child, channel: socket.socket) -> str:
        limit_s, last_s = OPEN_S, time.monotonic()
        while not self._stop.is_set():
            if child.wait_for(channel.fileno(), time.monotonic() + TURN_S):
                try:
                    message = channel.recv(LARGEST)
                except OSError:
                    message = b""
                if not message:
                    return _ended(child.exit_code(time.monotonic() + END_S), child.said())
                limit_s, last_s, self.trouble = self._hang_s, time.monotonic(), ""
                self.heard_s = last_s
                self._heard(json.loads(message))
            elif time.monotonic() - last_s > min(limit_s, OPEN_S):
                return f"the process hangs: not a word for {time.monotonic() - last_s:.0f} s"
            while self._commands and self._way.send(self._commands[0]):
                self._commands.popleft()
        channel.shutdown(socket.SHUT_RDWR)
        child.exit_code(time.monotonic() + END_S)
        return ""


def _ended(code: int | None, said: str) -> str:
    """Why a process has ended, in words."""
    how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
    last = said.rsplit("; ", maxsplit=1)[-1]
    return f"the process has ended {how}{f': {last[:200]}' if last else ''}"
