"""A thousand devices, 2 % of them sick: it stops at a threshold below that, and comes to its end at one above it."""

from pathlib import Path

import pytest

from firmware_tools.rollout.standing import State
from firmware_tools.rollout.threshold import enough, too_many
from tests.rigs.broker import Broker
from tests.rigs.rollout_trial import Fleet, Outcome, count, drawn_fleet, trial
from tests.rigs.rollouts import names, plan

CANARIES = 5


def outcome(home: Path, fleet: Fleet, threshold: float, kill_at: tuple[int, ...]) -> Outcome:
    least, size = enough(threshold), len(fleet.natures)
    with Broker() as broker:
        asked = plan(
            size, broker.port, CANARIES, threshold=threshold, least=least, soak_s=1.0, gone_s=10, deadline_s=60
        )
        return trial(home, broker, asked, fleet, kill_at)


def all_is_right(told: Outcome) -> bool:
    return told.course.ended and not told.harmed


def crossed_in(told: Outcome, fleet: Fleet, threshold: float) -> int:
    """The wave by whose end the failures had crossed the threshold: a later one must not begin."""
    failed = judged = 0
    for number, wave in enumerate(told.course.waves):
        failed += len(fleet.sick.intersection(wave))
        judged += len(set(wave).difference(fleet.offline))
        if failed and too_many(failed, judged, threshold, enough(threshold)):
            return number
    return len(told.course.waves) - 1  # within the last, and only then


@pytest.mark.long
@pytest.mark.parametrize("seed", [7, 8])
def test_it_stops_at_the_threshold_and_harms_nobody(tmp_path: Path, seed: int) -> None:
    fleet = drawn_fleet(names(1000), CANARIES, 0.02, seed)
    told = outcome(tmp_path, fleet, 0.01, (CANARIES, 4 * CANARIES))
    assert all_is_right(told)
    assert "are let pass" in told.course.stopped
    assert len(told.course.waves) - 1 <= crossed_in(told, fleet, 0.01)
    assert told.returned == sum(told.course.devices[name].wave >= 0 for name in fleet.sick)


@pytest.mark.long
def test_it_comes_to_its_end_below_the_threshold(tmp_path: Path) -> None:
    fleet = drawn_fleet(names(1000), CANARIES, 0.02, 7)
    told = outcome(tmp_path, fleet, 0.04, (CANARIES, 100, 500))
    assert all_is_right(told)
    assert (told.course.stopped, told.course.asked, told.returned) == ("", 1000, 20)
    assert [count(told, word) for word in (State.GOOD, State.FAILED, State.PENDING)] == [979, 20, 1]
