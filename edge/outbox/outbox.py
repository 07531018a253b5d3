"""The outbox: takes events at once, has them on disk an instant later, and keeps them until they are delivered."""

import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from edge.contracts.sqlite_file import error_code, is_damage
from edge.outbox.lock import hold
from edge.outbox.pending import Pending, Work
from edge.outbox.settings import OutboxSettings
from edge.outbox.store import Entry, Priority, Row, Store, begin_anew, open_store

GROUP = 500  # rows in one transaction
BODY_LIMIT_BYTES = 65536
RETRY_S = 0.5  # between attempts while the disk takes nothing
CLOSE_S = 5.0
PATIENCE_S = 60.0  # a card that is worn out can take half a minute for one write
_ROUNDS = 10  # attempts to make room, each dropping twice as much
_log = logging.getLogger(__name__)


class OutboxStats(NamedTuple):
    """`dropped` is durable: it equals the numbers of this stream that will never reach the host."""

    stream: str
    rows: int  # stored and not yet acknowledged
    dropped: int
    waiting: int  # taken and not yet on disk
    trouble: str  # why the disk takes nothing now, else ""


class Outbox:
    """Use as a context manager. `put` and the rest may be called on any thread.

    Args:
        path: of the database; files beside it share its name.
        settings: size and policy.
    """

    def __init__(self, path: Path, settings: OutboxSettings) -> None:
        self._path = path
        self._settings = settings
        self._pending = Pending(settings.memory_events)
        self._store: Store | None = None
        self._hooks: list[Callable[[], None]] = []
        self._trouble = ""
        self._lock = -1
        self.due_s = math.inf  # by when its thread comes round again, unless the disk hangs; `time.monotonic()`
        self._writer = threading.Thread(target=self._write, name="outbox-writer", daemon=True)

    def __enter__(self) -> Self:
        self._lock = hold(self._path.with_name(self._path.name + ".lock"))
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pending.close()
        self._writer.join(CLOSE_S)
        if self._writer.is_alive():
            _log.error(
                "%s: the disk did not answer within %g s; %d events lost", self._path, CLOSE_S, len(self._pending)
            )
        elif self._store:
            self._store.close()
        if len(self._pending) and not self._writer.is_alive():
            _log.error("%s: %d events were never taken by the disk and are lost", self._path, len(self._pending))
        os.close(self._lock)

    def put(self, topic: str, body: bytes, priority: Priority = Priority.NORMAL) -> int:
        """Take an event without waiting; returns a ticket for `accepted`. `body` is a JSON object without a number.

        Raises:
            ValueError: not an object, or larger than 64 KiB.
        """
        if not body.startswith(b"{") or len(body) > BODY_LIMIT_BYTES:
            raise ValueError(f"an event is a JSON object of at most {BODY_LIMIT_BYTES} bytes; got {body[:40]!r}")
        return self._pending.put(Entry(topic, body, priority))

    def accepted(self, ticket: int, timeout_s: float) -> bool:
        """Wait until the event is on disk (or dropped and counted, when all is full): no power cut loses it now."""
        return self._pending.wait(ticket, timeout_s)

    def read(self, after: int, limit: int) -> tuple[str, list[Row]]:
        """The stream and its next rows after a number. For one thread, the sender's."""
        store = self._store
        if store is None:
            return "", []
        try:
            return store.stream, store.read(after, limit)
        except sqlite3.Error as error:
            _log.debug("%s: not readable now: %s", self._path, error)
            return store.stream, []

    def forget(self, stream: str, upto: int) -> None:
        """Events up to a number are delivered; what is not of this stream, or was never numbered, is ignored."""
        store = self._store
        if store and stream == store.stream and upto <= store.last_seq:
            self._pending.forget(stream, upto)

    def numbered(self, stream: str, seq: int) -> bool:
        """Whether this outbox has ever given out that number."""
        store = self._store
        return store is not None and stream == store.stream and 0 <= seq <= store.last_seq

    def on_commit(self, hook: Callable[[], None]) -> None:
        """Call `hook` on the writer thread after each transaction with new events."""
        self._hooks.append(hook)

    def stats(self) -> OutboxStats:
        """How full it is."""
        store, waiting = (
            self._store,
            len(self._pending),
        )  # first: what is stored meanwhile counts twice, never not at all
        if store is None:
            return OutboxStats("", 0, 0, waiting, self._trouble)
        return OutboxStats(store.stream, store.rows, store.dropped, waiting, self._trouble)

    def _open(self) -> None:
        try:
            store = open_store(self._path, self._settings.limit_bytes)
        except (sqlite3.Error, OSError) as error:
            self._complain(error)
        else:
            self._pending.begin(store.stream)
            self._store = store
            self._trouble = ""

    def _write(self) -> None:
        while True:
            self.due_s = time.monotonic() + PATIENCE_S
            try:
                if self._write_once():
                    self.due_s = math.inf
                    return
            except Exception as error:  # noqa: BLE001 - the only writer must live: whatever it is, it is tried again
                self._complain(error)
                self._pending.sleep(RETRY_S)

    def _write_once(self) -> bool:
        """One transaction, or one attempt to open; True when all is done and the outbox closes."""
        if self._store is None:
            self._pending.sleep(RETRY_S)
            self._open()
        elif work := self._pending.take(GROUP, timeout_s=0.5):
            self._store_work(self._store, work)
        elif self._pending.closing:
            return True
        return bool(self._trouble) and self._pending.closing

    def _store_work(self, store: Store, work: Work) -> None:
        try:
            self._commit(store, work)
        except sqlite3.Error as error:
            self._pending.give_back(work)
            self._complain(error)
            if is_damage(error):
                self._begin_anew(store, error)
            self._pending.sleep(RETRY_S)
            return
        self._pending.settle(work)
        if self._trouble:
            _log.warning("%s takes events again", self._path)
            self._trouble = ""
        for hook in self._hooks if work.entries else ():
            hook()

    def _commit(self, store: Store, work: Work) -> None:
        for attempt in range(_ROUNDS):
            work.forget_upto = self._pending.forget_upto()
            try:
                store.commit(work.entries, work.forget_upto, work.lost)
            except sqlite3.Error as error:
                full = error_code(error) == sqlite3.SQLITE_FULL and store.full_for(work.entries)
                if not full or attempt == _ROUNDS - 1:
                    raise
                self._make_room(store, work, len(work.entries) + (16 << attempt))
            else:
                return

    def _make_room(self, store: Store, work: Work, count: int) -> None:
        """Drop stored events; where none may go, drop new ones."""
        lowest = min((entry.priority for entry in work.entries), default=Priority.HIGH)
        if store.shed(count, lowest, self._settings.window, work.forget_upto):
            return
        candidates = [index for index, entry in enumerate(work.entries) if entry.priority == lowest]
        gone = set(candidates[: max(1, len(work.entries) // 2)])
        work.lost += min(len(gone), len(candidates))
        work.entries = [entry for index, entry in enumerate(work.entries) if index not in gone]

    def _begin_anew(self, store: Store, error: Exception) -> None:
        self._store = None
        store.close()
        begin_anew(self._path, str(error))

    def _complain(self, error: Exception) -> None:
        if not self._trouble:
            _log.error(
                "%s takes no events now: %s; they wait in memory, at most %d, then the oldest go; free some space",
                self._path, error, self._settings.memory_events,
            )  # fmt: skip
        self._trouble = str(error)
