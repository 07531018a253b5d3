import threading
import time
from collections.abc import Callable
from functools import partial

from edge.mailbox import Mailbox, Slot
from tests.rigs.cameras import soon

PAST_S = 0.0  # a deadline that is over


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def ended(*threads: threading.Thread) -> bool:
    for thread in threads:
        thread.join(60)
    return not any(thread.is_alive() for thread in threads)


def test_an_empty_mailbox_gives_nothing_by_the_deadline() -> None:
    mailbox: Mailbox[int] = Mailbox()
    assert mailbox.drained
    assert mailbox.take(soon(60)) is None  # at once: there is nobody who could put
    mailbox.slot(live=True)
    assert not mailbox.drained
    assert mailbox.take(PAST_S) is None
    before_s = time.monotonic()
    assert mailbox.take(before_s + 0.05) is None
    assert time.monotonic() >= before_s + 0.05


def test_in_a_live_slot_the_newest_wins_and_drops_are_counted() -> None:
    mailbox: Mailbox[int] = Mailbox()
    slot = mailbox.slot(live=True)
    assert [slot.put(number, PAST_S) for number in range(5)] == [True] * 5
    assert slot.dropped == 4
    assert mailbox.take(PAST_S) == 4
    assert mailbox.take(PAST_S) is None
    assert slot.put(5, PAST_S)
    assert slot.dropped == 4
    assert mailbox.take(PAST_S) == 5


def test_a_slot_that_is_not_live_loses_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox()
    slot = mailbox.slot(live=False)
    assert slot.put(0, PAST_S)
    assert not slot.put(1, PAST_S)
    before_s = time.monotonic()
    assert not slot.put(1, before_s + 0.05)
    assert time.monotonic() >= before_s + 0.05
    assert mailbox.take(PAST_S) == 0
    assert slot.put(1, PAST_S)
    assert mailbox.take(PAST_S) == 1
    assert slot.dropped == 0


def test_slots_take_turns_and_a_newer_item_keeps_its_place() -> None:
    mailbox: Mailbox[str] = Mailbox()
    fast, slow = mailbox.slot(live=True), mailbox.slot(live=True)
    fast.put("fast 1", PAST_S)
    slow.put("slow 1", PAST_S)
    fast.put("fast 2", PAST_S)
    assert mailbox.take(PAST_S) == "fast 2"
    fast.put("fast 3", PAST_S)
    assert mailbox.take(PAST_S) == "slow 1"
    assert mailbox.take(PAST_S) == "fast 3"


def test_a_slow_camera_is_served_after_at_most_one_of_the_fast() -> None:
    """A simulated run: the consumer needs two steps for an item, one camera gives one each step, one every 15th."""
    mailbox: Mailbox[tuple[str, int]] = Mailbox()
    fast, slow = mailbox.slot(live=True), mailbox.slot(live=True)
    taken: list[tuple[str, int]] = []
    for step in range(600):
        fast.put(("fast", step), PAST_S)
        if step % 15 == 0:
            slow.put(("slow", step), PAST_S)
        if step % 2 == 1:
            item = mailbox.take(PAST_S)
            assert item is not None
            taken.append(item)
            assert item[0] == "fast" or step - item[1] <= 3
    assert slow.dropped == 0
    assert sum(name == "slow" for name, _ in taken) == 40
    while (item := mailbox.take(PAST_S)) is not None:
        taken.append(item)
    assert fast.dropped == 600 - sum(name == "fast" for name, _ in taken)


def test_closing_wakes_everybody_up() -> None:
    mailbox: Mailbox[int] = Mailbox()
    slot = mailbox.slot(live=False)
    slot.put(0, PAST_S)
    results: list[bool | int | None] = []
    producer = started(lambda: results.append(slot.put(1, soon(60))))
    mailbox.close()
    assert ended(producer)
    assert results == [False]
    assert not mailbox.drained
    assert mailbox.take(soon(60)) == 0  # what was taken over is not lost
    assert mailbox.drained
    assert mailbox.take(soon(60)) is None
    assert not mailbox.slot(live=True).put(2, PAST_S)


def test_the_last_slot_that_closes_wakes_the_consumer_up() -> None:
    mailbox: Mailbox[int] = Mailbox()
    one, other = mailbox.slot(live=True), mailbox.slot(live=False)
    results: list[int | None] = []
    consumer = started(lambda: results.append(mailbox.take(soon(60))))
    one.close()
    other.close()
    assert ended(consumer)
    assert results == [None]
    assert mailbox.slot(live=True).put(1, PAST_S)  # a camera that comes later
    assert mailbox.take(PAST_S) == 1


def test_nothing_is_lost_between_threads() -> None:
    """Four clips and four cameras at full speed; every wait is long, so a lost wake-up would show as a hang."""
    mailbox: Mailbox[tuple[int, int]] = Mailbox()
    slots = [mailbox.slot(live=number >= 4) for number in range(8)]
    count = 3000
    refused: list[int] = []

    def produce(number: int, slot: Slot[tuple[int, int]]) -> None:
        refused.extend(item for item in range(count) if not slot.put((number, item), soon(60)))
        slot.close()

    threads = [started(partial(produce, number, slot)) for number, slot in enumerate(slots)]
    taken: list[list[int]] = [[] for _ in slots]
    while (got := mailbox.take(soon(60))) is not None:
        taken[got[0]].append(got[1])
    assert ended(*threads)
    assert mailbox.drained
    assert refused == []
    assert taken[:4] == [list(range(count))] * 4
    for slot, items in zip(slots[4:], taken[4:], strict=True):
        assert items == sorted(set(items))
        assert items[-1] == count - 1
        assert len(items) + slot.dropped == count
