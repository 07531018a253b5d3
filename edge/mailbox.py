"""The hand-over from camera threads to the one inference thread.

A mailbox has a slot for each camera, and a slot holds one item. Slots are served in the order in which they got
something, so every camera gets its turn, however fast the others are. Nobody polls, and every wait has a deadline.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """The producer's side. A live slot holds the newest item and drops the older; any other makes its producer wait.

    One thread puts, any thread may close.
    """

    def __init__(self, arrived: threading.Condition, lock: threading.Lock, turns: "deque[Slot[T]]", live: bool) -> None:
        """`lock` guards the whole mailbox; `arrived`, on that lock, wakes its consumer. Made by `Mailbox.slot`."""
        self._arrived = arrived
        self._emptied = threading.Condition(lock)
        self._turns = turns  # slots that hold an item, the one that holds its place longest first
        self._live = live
        self._items: list[T] = []  # at most one
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items that newer ones replaced before anybody took them."""
        return self._dropped

    @property
    def closed(self) -> bool:
        """Whether nothing more can be put."""
        return self._closed

    def put(self, item: T, deadline_s: float) -> bool:
        """Hand over an item; False if the slot is closed, or not live and still full at the deadline.

        Args:
            item: never waits in a live slot for longer than until the next one.
            deadline_s: on the clock of `time.monotonic()`; a live slot does not wait.
        """
        with self._arrived:
            if self._items and not self._live:
                wait_until(self._emptied, self._may_put, deadline_s)
            if self._closed or (self._items and not self._live):
                return False
            if self._items:
                self._items[0] = item
                self._dropped += 1
            else:
                self._items.append(item)
                self._turns.append(self)
                self._arrived.notify()
            return True

    def close(self) -> None:
        """No more will come; what lies here can still be taken."""
        with self._arrived:
            self._closed = True
            self._emptied.notify_all()
            self._arrived.notify_all()

    def pop(self) -> T:
        """Take the item out. Only for the mailbox, which holds the lock and knows that there is one."""
        self._emptied.notify()
        return self._items.pop()

    def _may_put(self) -> bool:
        return self._closed or not self._items


class Mailbox(Generic[T]):
    """The consumer's side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._turns: deque[Slot[T]] = deque()
        self._slots: list[Slot[T]] = []
        self._closed = False

    def slot(self, *, live: bool) -> Slot[T]:
        """A new slot: `live` for a camera, where the newest item wins; not for a clip, of which nothing is lost."""
        slot = Slot(self._arrived, self._lock, self._turns, live)
        with self._lock:
            self._slots = [other for other in self._slots if not other.closed]
            self._slots.append(slot)
            closed = self._closed
        if closed:
            slot.close()
        return slot

    @property
    def drained(self) -> bool:
        """Whether nothing can come any more: every slot is closed and empty."""
        return not self._turns and all(slot.closed for slot in self._slots)

    def take(self, deadline_s: float) -> T | None:
        """The item whose turn it is; None at the deadline (`time.monotonic()`), or at once when drained."""
        with self._arrived:
            if not self._turns:
                wait_until(self._arrived, self._may_take, deadline_s)
            return self._turns.popleft().pop() if self._turns else None

    def close(self) -> None:
        """Close every slot, also those that are still to be made: nothing more is taken over, producers wake up."""
        with self._lock:
            self._closed = True
            slots = list(self._slots)
        for slot in slots:
            slot.close()

    def _may_take(self) -> bool:
        return bool(self._turns) or self.drained


def wait_until(condition: threading.Condition, true: Callable[[], bool], deadline_s: float) -> bool:
    """Wait, holding `condition`, until `true()`, at most to the deadline; whether it came true."""
    return condition.wait_for(true, max(0.0, deadline_s - time.monotonic()))
