"""What is heard is answered at the device's own pace."""

import pytest

from edge.contracts.update_state import Desired
from edge.updates.context import Clock
from edge.updates.desired_inbox import PACE_S, REPEAT_S, DesiredInbox

NOTHING, ONE, TWO, THREE = (Desired(rollout, ()) for rollout in ("", "r1", "r2", "r3"))


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def clock(self) -> Clock:
        return Clock(now_s=lambda: self.now_s, utc_ns=lambda: 0)


@pytest.fixture
def time() -> Time:
    return Time()


def test_nothing_was_heard(time: Time) -> None:
    assert DesiredInbox(time.clock()).take(NOTHING) is None


def test_the_first_is_taken_at_once_and_once(time: Time) -> None:
    inbox = DesiredInbox(time.clock())
    inbox.put(ONE)
    assert (inbox.take(NOTHING), inbox.take(ONE)) == (ONE, None)


def test_what_comes_too_fast_is_passed_over_for_the_newest(time: Time) -> None:
    inbox = DesiredInbox(time.clock())
    inbox.put(ONE)
    inbox.take(NOTHING)
    for desired in (TWO, THREE):
        inbox.put(desired)
        assert inbox.take(ONE) is None
    time.now_s = PACE_S
    assert (inbox.take(ONE), inbox.take(THREE)) == (THREE, None)


def test_the_same_counts_only_after_a_while(time: Time) -> None:
    inbox = DesiredInbox(time.clock())
    inbox.put(ONE)
    inbox.take(NOTHING)
    for now_s, taken in ((REPEAT_S - 1, None), (REPEAT_S, ONE)):
        time.now_s = now_s
        inbox.put(ONE)
        assert inbox.take(ONE) == taken
