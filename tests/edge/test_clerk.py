"""A thread that works off what is put on its desk."""

import threading

import pytest

from edge.contracts.clerk import Clerk, Desk
from tests.rigs.host import wait_until

WAIT_S = 30.0


class Diary(Clerk[int]):
    """Writes down what it does; holds still at numbers below zero until it is let go, and cannot do 13."""

    def __init__(self, room: int = 4, turn_s: float = 600.0, close_s: float = WAIT_S, *, drains: bool = False) -> None:
        super().__init__(Desk("diary", "a number failed", room, turn_s, close_s, drains=drains))
        self.done: list[int | str] = []
        self.holds, self.go_on = threading.Event(), threading.Event()

    def put(self, number: int) -> bool:
        return self._put(number)

    def let_go_at_the_end(self) -> None:
        assert wait_until(lambda: self._ending, WAIT_S)
        self.go_on.set()

    def _begin(self) -> bool:
        self.done.append("begin")
        return True

    def _work(self, thing: int) -> None:
        if thing < 0:
            self.holds.set()
            assert self.go_on.wait(WAIT_S)
        self.done.append(1 // (13 - thing) * 0 + thing)

    def _turn(self) -> None:
        self.done.append("turn")

    def _end(self) -> None:
        self.done.append("end")


def test_without_anything_to_do_it_begins_and_ends() -> None:
    with Diary() as diary:
        pass
    assert diary.done == ["begin", "end"]


def test_things_are_worked_off_in_order_and_a_turn_follows() -> None:
    with Diary() as diary:
        diary.put(-1)
        assert diary.holds.wait(WAIT_S)
        assert [diary.put(number) for number in range(6)] == [True] * 4 + [False] * 2
        assert diary.waiting == 4
        diary.go_on.set()
        assert wait_until(lambda: len(diary.done) == 8, WAIT_S)
    assert diary.done == ["begin", -1, "turn", 0, 1, 2, 3, "turn", "end"]


def test_turns_come_by_themselves() -> None:
    with Diary(turn_s=0.01) as diary:
        assert wait_until(lambda: diary.done.count("turn") >= 3, WAIT_S)


@pytest.mark.parametrize(("drains", "after"), [(True, [0, 13 - 1, "end"]), (False, ["end"])])
def test_what_waits_at_the_end_is_worked_off_or_dropped(drains: bool, after: list[int | str]) -> None:
    with Diary(drains=drains) as diary:
        diary.put(-1)
        assert diary.holds.wait(WAIT_S)
        diary.put(0)
        diary.put(12)
        threading.Thread(target=diary.let_go_at_the_end).start()
    assert diary.done == ["begin", -1, "turn", *after]


def test_one_that_fails_is_not_the_last_and_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with Diary() as diary:
        diary.put(13)
        diary.put(5)
        assert wait_until(lambda: 5 in diary.done, WAIT_S)
    assert caplog.text.count("diary: a number failed") == 1


def test_one_that_hangs_is_left_alone_after_its_time(caplog: pytest.LogCaptureFixture) -> None:
    with Diary(close_s=0.05, drains=True) as diary:
        diary.put(-1)
        assert diary.holds.wait(WAIT_S)
        diary.put(0)
    assert "the thread diary has not ended within 0.05 s" in caplog.text
    diary.go_on.set()
    assert wait_until(lambda: diary.done[-1] == "end", WAIT_S)
    assert 0 not in diary.done  # there was no time for it


def test_where_it_cannot_begin_nothing_is_done(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Diary):
        def _begin(self) -> bool:
            raise OSError("no disk")

    with Broken() as diary:
        diary.put(1)
    assert (diary.done, diary.waiting) == ([], 1)
    assert "no disk" in caplog.text


def test_a_signal_may_interrupt_the_thread_that_puts() -> None:
    diary = Diary()
    with diary._come:  # as where a handler runs in the middle of `put`
        assert diary.put(1)
