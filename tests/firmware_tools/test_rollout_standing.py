"""How a device stands: each row is a life, and what is said of it at a time."""

from collections.abc import Sequence

import pytest

from edge.contracts.update_state import Phase
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.records import Asked, Event, Heard, Here, Taken
from firmware_tools.rollout.standing import State, standing
from tests.rigs.rollouts import plan

DEVICE = "d0000"


def here(at_s: float, online: bool = True) -> Here:
    return Here(at_s=at_s, device=DEVICE, online=online)


def asked(at_s: float) -> Asked:
    return Asked(at_s=at_s, before={DEVICE: ""})


def heard(at_s: float, phase: Phase, reason: str = "") -> Heard:
    return Heard(at_s=at_s, device=DEVICE, phase=phase, reason=reason, detail="")


def stands(events: Sequence[Event], now_s: float) -> tuple[str, float, str]:
    course = Course(plan(1, canaries=1, soak_s=10.0, gone_s=20.0, deadline_s=100.0), events)
    told = standing(course.devices[DEVICE], course.plan.pace, now_s)
    return told.state, told.since_s, told.reason


ONLINE: list[Event] = [here(0), asked(1)]
GOOD: list[Event] = [*ONLINE, heard(5, Phase.FETCHING), heard(7, Phase.GOOD)]


@pytest.mark.parametrize(
    ("events", "now_s", "expected"),
    [
        ([], 0, (State.WAITING, 0, "")),
        ([here(0)], 500, (State.WAITING, 0, "")),
        (ONLINE, 2, (State.ASKED, 1, "")),
        (ONLINE, 20, (State.ASKED, 1, "")),
        (ONLINE, 21, (State.FAILED, 21, "silent")),
        ([asked(1)], 20, (State.ASKED, 1, "")),
        ([asked(1)], 21, (State.PENDING, 21, "offline")),
        ([here(0), here(0.5, False), asked(1)], 500, (State.PENDING, 21, "offline")),
        ([asked(1), here(50)], 60, (State.ASKED, 1, "")),  # it came late, and has as long as others to answer
        ([asked(1), here(50), heard(52, Phase.GOOD)], 60, (State.GOOD, 52, "")),
        ([*ONLINE, heard(5, Phase.FETCHING)], 100, (State.BUSY, 5, "")),
        ([*ONLINE, heard(5, Phase.FETCHING)], 101, (State.PENDING, 101, "fetching")),  # the way is slow
        ([*ONLINE, heard(5, Phase.WAITING, "unreachable")], 101, (State.PENDING, 101, "unreachable")),
        ([*ONLINE, heard(5, Phase.TRYING)], 101, (State.FAILED, 101, "late")),  # the release is
        ([*ONLINE, heard(5, Phase.CHECKING), heard(150, Phase.GOOD)], 160, (State.GOOD, 150, "")),
        (GOOD, 8, (State.GOOD, 7, "")),
        ([*GOOD, heard(9, Phase.RETURNED, "sick")], 10, (State.FAILED, 9, "sick")),
        ([*ONLINE, heard(5, Phase.REFUSED, "wrong_board")], 6, (State.FAILED, 5, "wrong_board")),
        ([*ONLINE, heard(5, Phase.TRYING), here(10, False)], 29, (State.AWAY, 10, "")),
        ([*ONLINE, heard(5, Phase.TRYING), here(10, False)], 30, (State.FAILED, 30, "gone")),
        ([*ONLINE, here(10, False)], 30, (State.FAILED, 30, "gone")),
        ([*ONLINE, here(10, False), here(29)], 31, (State.ASKED, 1, "")),
        ([*ONLINE, here(10, False), heard(40, Phase.GOOD), here(40)], 41, (State.GOOD, 40, "")),
        ([*GOOD, here(16, False)], 20, (State.AWAY, 16, "")),  # while it soaks
        ([*GOOD, here(16, False)], 36, (State.FAILED, 36, "gone")),
        ([*GOOD, here(18, False)], 500, (State.GOOD, 7, "")),  # afterwards it may go home
        ([*ONLINE, Taken(at_s=3, device=DEVICE), heard(4, Phase.REFUSED)], 5, (State.OTHERS, 1, "others")),
    ],
)
def test_stands(events: Sequence[Event], now_s: float, expected: tuple[str, float, str]) -> None:
    assert stands(events, now_s) == expected
