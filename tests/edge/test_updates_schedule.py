"""When wishes are looked at."""

import pytest

from edge.updates.context import Clock
from edge.updates.schedule import FIRST_S, Schedule
from edge.updates.settings import UpdateSettings

SETTINGS = UpdateSettings(retry_s=60, again_s=1000)


class Time:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.schedule = Schedule(SETTINGS, Clock(now_s=lambda: self.now_s, utc_ns=lambda: 0))

    def due_after_s(self) -> float:
        """How long until it is time to look."""
        began_s = self.now_s
        while not self.schedule.is_due:
            assert self.now_s < 10_000
            self.now_s += 0.05
        return self.now_s - began_s


@pytest.fixture
def time() -> Time:
    return Time()


def test_nothing_is_due_before_anything_was_heard(time: Time) -> None:
    time.schedule.soon()
    assert not time.schedule.is_due
    time.schedule.heard()
    assert time.schedule.is_due


def test_a_pause_a_rest_and_an_end_of_it(time: Time) -> None:
    time.schedule.heard()
    time.schedule.pause()
    assert time.due_after_s() == pytest.approx(FIRST_S, abs=0.1)
    time.schedule.rest()
    assert time.due_after_s() == pytest.approx(SETTINGS.again_s, abs=0.1)
    time.schedule.rest()
    time.schedule.soon()
    assert time.schedule.is_due


def test_pauses_before_a_retry_grow_to_their_most(time: Time) -> None:
    time.schedule.heard()
    pauses_s = []
    for _ in range(40):
        time.schedule.retry()
        pauses_s.append(time.due_after_s())
    assert pauses_s[0] <= FIRST_S + 0.1
    assert FIRST_S < max(pauses_s) <= SETTINGS.retry_s + 0.1
