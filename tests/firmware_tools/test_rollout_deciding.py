"""What must hold of every roll-out, whatever devices do and in whatever order: found by trying many."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contracts.update_state import Phase
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.deciding import decide, finished, standings, stop, wanted
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.records import (
    Asked,
    Ended,
    Event,
    Heard,
    Here,
    Paused,
    Stopped,
    Taken,
    Time,
)
from firmware_tools.rollout.standing import State
from tests.rigs.rollouts import names, plan

BAD = (Phase.RETURNED, Phase.REFUSED)
DEVICES = st.integers(0, 39)
HAPPENS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([0.1, 1.0, 5.0, 30.0])),
    st.tuples(st.just("online"), DEVICES, st.booleans()),
    st.tuples(st.just("heard"), DEVICES, st.sampled_from(list(Phase))),
    st.tuples(st.just("wave"), st.sampled_from([Phase.GOOD] * 4 + [Phase.RETURNED, Phase.TRYING])),
    st.tuples(st.just("taken"), DEVICES),
    st.tuples(st.just("paused"), st.booleans()),
)
PLANS = st.builds(
    plan,
    count=st.integers(1, 40),
    canaries=st.just(1),
    factor=st.sampled_from([1.0, 1.5, 2.0, 10.0]),
    most=st.integers(1, 30),
    soak_s=st.sampled_from([0.0, 1.0, 10.0]),
    threshold=st.sampled_from([0.0, 0.05, 0.2, 0.5]),
    least=st.sampled_from([1, 10, 100]),
    gone_s=st.just(5.0),
    deadline_s=st.sampled_from([5.0, 40.0]),
)
LIVES = st.lists(HAPPENS, max_size=80)


def before(device: str) -> str:
    return f'{{"v": 1, "rollout": "{device}", "wishes": []}}'


def happened(course: Course, what: tuple[object, ...]) -> list[Event]:
    """An event of the world, as the roll-out would write it down."""
    kind, *rest = what
    at_s, devices = course.now_s, course.plan.devices
    if kind == "time":
        return [Time(at_s=at_s + float(str(rest[0])), utc_s=0.0)]
    if kind == "wave":  # all of the newest wave report, so that many roll-outs come far
        newest = course.waves[-1] if course.waves else ()
        return [Heard(at_s=at_s, device=one, phase=Phase(str(rest[0])), reason="", detail="") for one in newest]
    if kind == "paused":
        return [Paused(at_s=at_s, paused=bool(rest[0]))]
    device = devices[int(str(rest[0])) % len(devices)]
    if kind == "online":
        return [Here(at_s=at_s, device=device, online=bool(rest[1]))]
    if kind == "taken":
        return [Taken(at_s=at_s, device=device)] if course.devices[device].wave >= 0 else []
    return [Heard(at_s=at_s, device=device, phase=Phase(str(rest[1])), reason="", detail="")]


def lived(plan: Plan, life: Sequence[tuple[object, ...]]) -> list[Event]:
    """A whole roll-out; after each thing that happens it is checked what must hold."""
    course, events = Course(plan), list[Event]()
    for what in [("time", 0.1), *life]:
        for event in happened(course, what):
            course.add(event)
            events.append(event)
        for _ in range(3):  # a wave that failed before it was asked, say, is stopped at the next look
            for event in decide(course, before):
                if isinstance(event, Asked):
                    check_wave(course, event)
                course.add(event)
                events.append(event)
        check(course)
    return events


def check_wave(course: Course, wave: Asked) -> None:
    """It may begin, is not too large, and nobody in it was asked before or goes before his turn."""
    pace, asked = course.plan.pace, [device for one in course.waves for device in one]
    assert not course.stopped
    assert not course.paused
    assert tuple(wave.before) == course.plan.devices[len(asked) : len(asked) + len(wave.before)]
    if not course.waves:
        assert len(wave.before) == course.plan.canaries
        return
    known = [course.devices[device] for device in course.waves[-1]]
    good = [one for one in known if one.phase is Phase.GOOD and one.answered and not one.taken]
    assert len(wave.before) <= min(pace.most, max(1, ceil(pace.factor * len(good))))
    assert all(course.now_s >= max(one.phase_s, one.asked_s) + pace.soak_s for one in good)
    for one in known:
        decided = one.answered and one.phase in (Phase.GOOD, *BAD)
        given_up = course.now_s >= one.asked_s + min(pace.gone_s, pace.deadline_s)
        assert decided or one.taken or given_up


def check(course: Course) -> None:
    """Too many failures stop it; what is retained is ours for those who keep it, and what it was for all others."""
    plan, counts = course.plan, Counter(one.state for one in standings(course).values())
    failed, judged = counts[State.FAILED], counts[State.FAILED] + counts[State.GOOD]
    if not course.stopped:
        assert failed <= plan.pace.threshold * len(plan.devices)
        assert judged < plan.pace.least or failed <= plan.pace.threshold * judged
        assert not any(standings(course)[one].state is State.FAILED for one in plan.devices[: plan.canaries])
    ours = plan.desired.decode()
    for device, payload in wanted(course).items():
        assert course.devices[device].wave >= 0
        assert payload == (before(device) if device in course.back else ours)


@settings(max_examples=60, deadline=None, database=None)
@given(PLANS, LIVES)
def test_what_must_hold_of_every_roll_out(plan: Plan, life: list[tuple[object, ...]]) -> None:
    events = lived(plan, life)
    kinds = [type(event) for event in events]
    if Stopped in kinds:
        assert Asked not in kinds[kinds.index(Stopped) :]
        assert kinds.count(Stopped) == 1


def run(plan: Plan, sick: set[str], offline: set[str]) -> Course:
    """Devices that answer at once: good, or returned, or not at all."""
    course = Course(plan, [Here(at_s=0, device=name, online=True) for name in plan.devices if name not in offline])
    for _ in range(1000):
        for event in decide(course, before):
            course.add(event)
            if isinstance(event, Asked):
                answers = {name: Phase.RETURNED if name in sick else Phase.GOOD for name in event.before}
                for name in set(answers) - offline:
                    told = Heard(at_s=course.now_s, device=name, phase=answers[name], reason="", detail="")
                    course.add(told)
        if course.stopped or finished(course, standings(course)):
            return course
        course.add(Time(at_s=course.now_s + 1, utc_s=0))
    raise AssertionError("it does not end")


def test_a_sick_canary_stops_it_at_once() -> None:
    course = run(plan(100), {"d0001"}, set())
    assert course.stopped == "the canary d0001 failed (returned)"
    assert course.asked == 2
    assert course.back == {"d0001"}


def test_more_than_the_share_of_all_stops_it_even_if_it_may_be_chance() -> None:
    course = run(plan(10, threshold=0.25), {"d0002", "d0005", "d0009"}, set())
    assert course.stopped == "3 of 10 judged failed (30.0%); 25.0% are let pass"
    assert not run(plan(10, threshold=0.25), {"d0002", "d0005"}, set()).stopped


def test_waves_grow_with_what_is_good() -> None:
    course = run(plan(100, most=30), set(), set())
    assert [len(wave) for wave in course.waves] == [2, 4, 8, 16, 30, 30, 10]


def test_nobody_waits_for_ever_for_devices_that_are_not_there() -> None:
    course = run(plan(20, most=8, gone_s=5.0), set(), {*names(20)[2:6], "d0019"})
    assert not course.stopped
    assert [len(wave) for wave in course.waves] == [2, 4, 1, 2, 4, 7]  # nobody of the second was there: one, then more
    assert Counter(one.state for one in standings(course).values()) == {State.GOOD: 15, State.PENDING: 5}


def test_who_stands_in_for_canaries_that_are_not_there_is_a_canary() -> None:
    course = run(plan(100, threshold=0.5), {"d0002"}, {"d0000", "d0001"})
    assert course.stopped == "1 of 1 failed, before 2 were good"
    assert course.asked == 3


def test_it_ends_when_everybody_was_asked() -> None:
    course = run(plan(1, canaries=1), set(), set())
    assert (course.asked, course.stopped) == (1, "")
    course.add(Ended(at_s=course.now_s))
    assert decide(course, before) == ()


ASKED = names(2)[0]  # and the other is not
GOOD, TRYING, RETURNED = (
    Heard(at_s=1, device=ASKED, phase=phase, reason="", detail="")
    for phase in (Phase.GOOD, Phase.TRYING, Phase.RETURNED)
)
GOES, MOMENT = Here(at_s=2, device=ASKED, online=False), Here(at_s=8, device=ASKED, online=False)


@pytest.mark.parametrize(
    ("events", "stays"),
    [
        ((), False),  # it has not answered
        ((GOOD,), True),
        ((GOOD, MOMENT), True),  # away for a moment
        ((GOOD, GOES), False),  # and for too long, while it soaks
        ((TRYING,), False),
        ((TRYING, MOMENT), False),
        ((RETURNED,), False),
        ((RETURNED, MOMENT), False),
        ((Taken(at_s=2, device=ASKED),), True),  # it is others' now
    ],
)
def test_a_stop_takes_it_back_from_all_but_those_that_are_good_or_of_others(
    events: Sequence[Heard | Here | Taken], stays: bool
) -> None:
    course = Course(plan(2, canaries=1, soak_s=20.0, gone_s=5.0), [Here(at_s=0, device=ASKED, online=True)])
    course.add(Asked(at_s=0, before={ASKED: before(ASKED)}))
    for event in events:
        course.add(event)
    course.add(Time(at_s=10, utc_s=0))
    assert stop(course, standings(course), "why").back == (() if stays else (ASKED,))
