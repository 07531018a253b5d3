"""What is on disk is all that there is: killed anywhere, a roll-out goes on and asks nobody twice, and skips nobody."""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contracts.update_state import Phase
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.folder import Order, begin
from firmware_tools.rollout.journal import read_journal
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.records import Heard
from firmware_tools.rollout.running import KEPT_EVERY_S
from tests.rigs.rollout_world import What, World
from tests.rigs.rollouts import plan

TURNS = 1500
TIME = {"now_s", "utc_s"}
DEVICES = st.integers(0, 11)
HAPPENS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([1.0, 4.0, 30.0])),
    st.tuples(st.just("online"), DEVICES, st.booleans()),
    st.tuples(st.just("heard"), DEVICES, st.sampled_from([*Phase])),
    st.tuples(st.just("wave"), st.sampled_from([Phase.GOOD] * 4 + [Phase.RETURNED, Phase.TRYING])),
    st.tuples(st.just("taken"), DEVICES),
    st.tuples(st.just("ordered"), st.sampled_from([Order.RUN, Order.RUN, Order.PAUSE, Order.ABORT])),
    st.sampled_from([("lost", 0.0), ("lost", 4.0), ("killed",), ("killed_saying",)]),
)
PLANS = st.builds(
    plan,
    count=st.integers(1, 12),
    canaries=st.just(1),
    factor=st.sampled_from([1.0, 2.0, 10.0]),
    soak_s=st.sampled_from([0.0, 10.0]),
    threshold=st.sampled_from([0.0, 0.2, 0.9]),
    gone_s=st.just(5.0),
    deadline_s=st.sampled_from([5.0, 40.0]),
)


def nothing_but_time_is_lost(live: Course, folder: Path) -> None:
    """A kill here: of what counts now, all is on disk, but for so much of the time that was watched."""
    kept = Course(live.plan, read_journal(folder))
    assert {key: value for key, value in vars(kept).items() if key not in TIME} == {
        key: value for key, value in vars(live).items() if key not in TIME
    }
    assert 0 <= live.now_s - kept.now_s < KEPT_EVERY_S


def lived(plan: Plan, life: list[What]) -> tuple[Course, World]:
    with tempfile.TemporaryDirectory() as home:
        world = World(plan, begin(Path(home), plan), life, nothing_but_time_is_lost)
        return world.lives(TURNS), world


@settings(max_examples=40, deadline=None, database=None)
@given(PLANS, st.lists(HAPPENS, max_size=40))
def test_killed_anywhere_it_goes_on(plan: Plan, life: list[What]) -> None:
    course, world = lived(plan, life)
    ours = Counter(device for device, payload in world.said if payload == plan.desired.decode())
    assert max(ours.values(), default=0) <= 1
    if not course.stopped:
        assert course.asked == len(plan.devices)
        assert {device for device, known in course.devices.items() if not known.taken} <= set(ours)


def test_time_that_a_connection_lost_again_and_again_was_watched_is_kept() -> None:
    course, _ = lived(plan(2), [("lost", 4.0)] * 20 + [("killed",)])
    assert course.ended


def test_who_was_not_asked_fills_no_disk_and_is_heard_once_it_is() -> None:
    flood: list[What] = [("heard", 3, phase) for _ in range(50) for phase in (Phase.TRYING, Phase.GOOD)]
    sizes: list[int] = []
    with tempfile.TemporaryDirectory() as home:
        folder = begin(Path(home), plan(4, canaries=1))
        world = World(
            plan(4, canaries=1),
            folder,
            [("ordered", Order.PAUSE), *flood],
            lambda course, path: sizes.append(
                sum(isinstance(event, Heard) for event in read_journal(path)) if not course.asked else 0
            ),
        )
        course = world.lives(TURNS)
    assert len(sizes) > len(flood)
    assert max(sizes) == 0
    assert course.asked == 4
    assert not course.stopped
