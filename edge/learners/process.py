"""The process that learns: `python -m edge.learners.process ORDER CHANNEL`, the last to get the processor.

CHANNEL is the number of an inherited SOCK_SEQPACKET socket. Looks, readings and commands come by it as `wire` packs
them; we tell how everything stands as JSON objects, when something has changed and at least every few seconds, and the
lines of our log. When the channel closes, we end. Nothing that may be lost is only here: what is learnt is on disk.
"""

import contextlib
import json
import logging
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.stored import Json
from edge.learners.learners import Learners
from edge.learners.log import LogLines
from edge.learners.order import Order
from edge.learners.wire import LARGEST
from edge.learning.conditions import Pause
from edge.learning.governor import Governor

HEARTBEAT_S, TELL_S, IDLE_S = 5.0, 0.5, 0.5
MIB, LEAST_MIB = 1 << 20, 1024  # of address space, beside four times the size of one subject's samples
NICEST, FIRST_TO_GO = 19, 1000  # nice(2), proc(5): when memory runs out, it is the first to be killed


class Worker:
    """What the process does: messages in, rounds of learning, and what is told.

    Args:
        order: what is learnt, and how.
        channel: to the daemon.
        lines: of the log.
    """

    def __init__(self, order: Order, channel: socket.socket, lines: LogLines) -> None:
        self._channel, self._lines, self._learners = channel, lines, Learners(order)
        self._governor = Governor(order.settings.cpu_percent, sleep=self._wait)
        self._ended = False
        self._said: list[Mapping[str, Json]] = []
        self._told_s = 0.0

    def run(self) -> None:
        """Until the channel closes."""
        while not self._ended:
            self._learners.open()
            self._wait(IDLE_S)
            self._governor.other()
            if self._learners.learn(self._breathe):
                self._governor.trained()
        self._learners.close()

    def _breathe(self) -> bool:
        """Between two steps of training: take what has come, wait while learning is paused or overspent."""
        return self._governor.breathe(self._goes_on)

    def _goes_on(self) -> bool:
        self._wait(0.0)
        while self._learners.pause is not Pause.NONE and self._learners.on and not self._ended:
            self._wait(IDLE_S)
        return self._learners.on and not self._ended

    def _wait(self, seconds: float) -> None:
        """Take messages for so long."""
        until_s = time.monotonic() + seconds
        while not self._ended:
            left_s = max(0.0, until_s - time.monotonic())
            ready, _, _ = select.select([self._channel], [], [], left_s)
            if ready:
                self._receive()
            self._learners.settle()
            self._tell()
            if time.monotonic() >= until_s:
                return

    def _receive(self) -> None:
        message = self._channel.recv(LARGEST)
        if message:
            self._learners.take(message)
        else:
            self._ended = True

    def _tell(self) -> None:
        """Lines of the log; and what has changed, not too often; all of it now and then."""
        now_s = time.monotonic()
        if now_s - self._told_s < TELL_S:
            return
        told = self._learners.told()
        late = now_s - self._told_s >= HEARTBEAT_S or len(self._said) != len(told)
        new = [one for number, one in enumerate(told) if late or one != self._said[number]]
        if not new and self._lines.first() is None:
            return
        try:
            while (line := self._lines.first()) is not None:
                self._send(line)
                self._lines.sent()
            for one in new:
                self._send(one)
            self._said = told
        except BlockingIOError:  # the daemon does not listen just now: again the next time
            self._said = []
        except OSError:
            self._ended = True
        self._told_s = now_s

    def _send(self, told: Mapping[str, Json]) -> None:
        self._channel.send(json.dumps(told, allow_nan=False).encode(), socket.MSG_DONTWAIT)


def lower() -> None:
    """Be the last to get the processor and the first to go when memory runs out, as far as the system lets us."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICEST)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))


def limit(max_mb: float) -> None:
    """Bound the address space. Going beyond it raises a MemoryError, or ends the process: the daemon goes on."""
    wanted = int((LEAST_MIB + 4 * max_mb) * MIB)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def main(text: str, channel: str) -> None:
    """Serve one daemon."""
    lower()
    lines = LogLines()
    logging.basicConfig(level=logging.WARNING, handlers=[lines])
    logging.getLogger("edge.learners").setLevel(logging.INFO)
    order = Order.decode(text)
    limit(order.settings.max_mb)
    Worker(order, socket.socket(fileno=int(channel)), lines).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
