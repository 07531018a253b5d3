"""Sends what the outbox holds through a bus, and lets it forget what has arrived."""

import logging
import math
import threading
import time
from collections import deque
from types import TracebackType
from typing import NamedTuple, Self

from edge.contracts.bus import Carrier, Message
from edge.contracts.errors import MessageError
from edge.contracts.inbound import Ack, decode_ack
from edge.outbox.numbering import numbered
from edge.outbox.outbox import Outbox
from edge.outbox.settings import Forget, OutboxSettings
from edge.outbox.store import Row
from edge.outbox.window import Window

CLOSE_S = 5.0
RETRY_S = 0.2  # when the bus takes nothing although it is connected
IDLE_S = 5.0
PATIENCE_S = 60.0
_log = logging.getLogger(__name__)


class SenderStats(NamedTuple):
    """What went out since the start."""

    sent: int
    resent: int
    acked: int  # all up to this number has arrived
    bad_acks: int


class Sender:
    """Use as a context manager, inside those of its outbox and its bus.

    Args:
        outbox: what to send.
        carrier: the bus.
        ack_topic: where the host says `{"stream": ..., "upto": ...}`, retained.
        settings: the outbox's.
    """

    def __init__(self, outbox: Outbox, carrier: Carrier, ack_topic: str, settings: OutboxSettings) -> None:
        self._outbox = outbox
        self._carrier = carrier
        self._ack_topic = ack_topic
        self._settings = settings
        self._by_host = settings.forget is Forget.HOST_ACK
        self._window = Window(settings.window, settings.silence_s)
        self._stream = ""
        self._session = 0
        self._acks: deque[Ack] = deque(maxlen=4)
        self._settled: deque[tuple[str, int]] = deque()
        self._highest = self._sent = self._resent = self._bad_acks = 0
        self._wake = threading.Event()
        self._stop = False
        self.due_s = math.inf  # by when its thread comes round again, unless it hangs; `time.monotonic()`
        self._thread = threading.Thread(target=self._run, name="outbox-sender", daemon=True)

    def __enter__(self) -> Self:
        self._outbox.on_commit(self._wake.set)
        self._carrier.on_change(self._wake.set)
        if self._by_host:
            self._carrier.subscribe(self._ack_topic, self._on_ack)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop = True
        self._wake.set()
        self._thread.join(CLOSE_S)

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stats(self) -> SenderStats:
        """What went out since the start."""
        return SenderStats(self._sent, self._resent, self._window.base, self._bad_acks)

    def _run(self) -> None:
        timeout_s = 0.0
        while not self._stop:
            self.due_s = time.monotonic() + timeout_s + PATIENCE_S
            self._wake.wait(timeout_s)
            self._wake.clear()
            try:
                timeout_s = self._step(time.monotonic())
            except Exception:  # noqa: BLE001 - the only sender must live: whatever it is, it is tried again
                _log.exception("sending events failed; trying again")
                timeout_s = RETRY_S

    def _step(self, now_s: float) -> float:
        """Take in what was acknowledged, send what may be sent; returns how long to wait at most."""
        stream = self._outbox.stats().stream
        if stream != self._stream:
            self._begin(stream)
        self._take_acks(now_s)
        if self._carrier.session != self._session:
            self._session = self._carrier.session
            self._window.rewind(now_s)
        if self._window.overdue(now_s):
            self._window.impatient(now_s)
        self._outbox.forget(self._stream, self._window.base)
        if self._session and not self._send(now_s):
            return RETRY_S
        return min(IDLE_S, self._window.wait_s(now_s))

    def _send(self, now_s: float) -> bool:
        room = self._window.room()
        if not room:
            return True
        stream, rows = self._outbox.read(self._window.cursor, room)
        return all(stream == self._stream and self._send_row(row, now_s) for row in rows)

    def _begin(self, stream: str) -> None:
        self._stream, self._highest = stream, 0
        self._window = Window(self._settings.window, self._settings.silence_s)
        self._settled.clear()

    def _send_row(self, row: Row, now_s: float) -> bool:
        prev, stream = self._window.last(), self._stream
        if not self._window.done(row.seq):
            payload = numbered(row.body, stream, row.seq, prev)
            if not self._carrier.send(row.topic, payload, lambda taken: self._on_settled(stream, row.seq, taken)):
                return False
            self._sent += 1
            self._resent += row.seq <= self._highest
            self._highest = max(self._highest, row.seq)
        self._window.sent(row.seq, now_s)
        return True

    def _take_acks(self, now_s: float) -> None:
        while self._acks:
            ack = self._acks.popleft()
            if ack.stream == self._stream:
                self._window.acked(ack.upto, now_s)
        while self._settled:
            stream, seq = self._settled.popleft()
            if stream == self._stream:
                self._window.settled(seq, now_s)

    def _on_settled(self, stream: str, seq: int, taken: bool) -> None:
        if taken and not self._by_host:
            self._settled.append((stream, seq))
            self._wake.set()

    def _on_ack(self, message: Message) -> None:
        try:
            ack = decode_ack(message.payload)
        except MessageError as error:
            self._refuse(message, str(error))
            return
        if ack.stream == self._outbox.stats().stream and not self._outbox.numbered(ack.stream, ack.upto):
            self._refuse(message, f"nothing was ever numbered {ack.upto}")
            return
        self._acks.append(ack)
        self._wake.set()

    def _refuse(self, message: Message, why: str) -> None:
        self._bad_acks += 1
        if self._bad_acks == 1:
            _log.warning(
                "%s: not an acknowledgement of this outbox: %s; ignored: %.80r", message.topic, why, message.payload
            )
