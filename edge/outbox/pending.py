"""Events on their way to the disk: taken at once, bounded, oldest low-priority dropped first, nothing uncounted."""

import threading
from collections import deque
from dataclasses import dataclass

from edge.outbox.store import Entry

FORGET_GROUP = 500  # deletions alone are worth a transaction only when there are so many, or after a pause
FORGET_PAUSE_S = 0.2


@dataclass(slots=True)
class Work:
    """What the writer does in one transaction; it changes `entries` and `lost` where it must drop some."""

    entries: list[Entry]
    forget_upto: int
    lost: int  # events that were dropped before they were stored and still need their number
    ticket: int  # all tickets up to this one are settled when the transaction is


class Pending:
    """The queue between `put` and the writer thread. All methods may be called on any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._entries: deque[Entry] = deque()
        self._writing = 0  # entries that the writer has taken and not settled
        self._put = 0  # tickets given
        self._settled = 0  # tickets stored, or dropped and counted
        self._lost = 0
        self._stream = ""
        self._forget_upto = 0
        self._forgotten = 0
        self._closing = False

    def put(self, entry: Entry) -> int:
        """Append, and return its ticket."""
        with self._changed:
            self._entries.append(entry)
            self._put += 1
            if len(self._entries) > self._limit:
                self._drop_one()
            self._changed.notify_all()
            return self._put

    def forget(self, stream: str, upto: int) -> None:
        """Rows of the stream up to this number can go, with the next transaction."""
        with self._changed:
            if stream == self._stream and upto > self._forget_upto:
                self._forget_upto = upto
                if upto - self._forgotten >= FORGET_GROUP:
                    self._changed.notify_all()

    def forget_upto(self) -> int:
        """Up to where rows can go."""
        with self._changed:
            return self._forget_upto

    def take(self, limit: int, timeout_s: float) -> Work | None:
        """Wait for something to do; None after `timeout_s` without."""
        with self._changed:
            pause_s = FORGET_PAUSE_S if self._forget_upto > self._forgotten else timeout_s
            self._changed.wait_for(lambda: self._busy() or self._closing, pause_s)
            if not self._busy() and self._forget_upto == self._forgotten:
                return None
            entries = [self._entries.popleft() for _ in range(min(limit, len(self._entries)))]
            work = Work(entries, self._forget_upto, self._lost, self._put - len(self._entries))
            self._lost, self._writing = 0, len(entries)
            return work

    def give_back(self, work: Work) -> None:
        """What could not be stored now goes to the front again."""
        with self._changed:
            self._entries.extendleft(reversed(work.entries))
            self._writing = 0
            self._lost += work.lost
            while len(self._entries) > self._limit:
                self._drop_one()

    def settle(self, work: Work) -> None:
        """The transaction is on disk."""
        with self._changed:
            self._settled = max(self._settled, work.ticket)
            self._writing = 0
            self._forgotten = max(self._forgotten, work.forget_upto)
            self._changed.notify_all()

    def wait(self, ticket: int, timeout_s: float) -> bool:
        """Wait until a ticket is settled."""
        with self._changed:
            return self._changed.wait_for(lambda: self._settled >= ticket, timeout_s)

    def begin(self, stream: str) -> None:
        """This stream is written from now on: numbers to forget belonged to another."""
        with self._changed:
            if stream != self._stream:
                self._stream, self._forget_upto, self._forgotten = stream, 0, 0

    def close(self) -> None:
        """`take` returns at once from now on."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    @property
    def closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing

    def sleep(self, timeout_s: float) -> None:
        """Wait, but not beyond `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, timeout_s)

    def __len__(self) -> int:
        """Entries that are not on disk yet."""
        with self._changed:
            return len(self._entries) + self._writing

    def _busy(self) -> bool:
        return bool(self._entries or self._lost or self._forget_upto - self._forgotten >= FORGET_GROUP)

    def _drop_one(self) -> None:
        lowest = min(entry.priority for entry in self._entries)
        victim = next(index for index, entry in enumerate(self._entries) if entry.priority == lowest)
        del self._entries[victim]
        self._lost += 1
