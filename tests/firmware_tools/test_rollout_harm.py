"""What counts as harm is found where it is done: by controllers that are made to do it, to devices at a real broker."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from edge.contracts.update_state import Phase
from firmware_tools.broker import endpoint
from firmware_tools.rollout import deciding, running
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.folder import begin
from firmware_tools.rollout.journal import Journal, read_journal
from firmware_tools.rollout.link import Link
from firmware_tools.rollout.records import Asked, Event, Heard, Stopped
from firmware_tools.rollout.retained import Retained
from tests.rigs.broker import Broker
from tests.rigs.rollout_harm import Harm, harm, machine_harm
from tests.rigs.rollout_world import Silent
from tests.rigs.rollouts import Overheard, names, plan
from tests.rigs.simulated_device import OLD, Nature, SimulatedDevice
from tests.rigs.simulated_fleet import SimulatedFleet

SICK = Nature(sick=True)
LONGEST_S = 20.0
NOBODY = Harm(set(), set(), set(), set())


@pytest.fixture(scope="module")
def running_broker() -> Iterator[Broker]:
    with Broker() as started:
        yield started


def done(broker: Broker, home: Path) -> Harm:
    """By a roll-out to nine, of whom one in the second wave is sick: it is stopped before the last three are asked."""
    broker.restart()
    natures = {name: SICK if name == "d0002" else Nature() for name in (*names(9), "stranger")}
    with Overheard(broker.port) as overheard, SimulatedFleet(broker.port, natures):
        folder = begin(home, plan(9, broker.port, threshold=0.0))
        made, deadline_s = folder.plan(), time.monotonic() + LONGEST_S

        def found() -> Harm:
            return harm(made, read_journal(folder.path), overheard.said())

        with folder.held(), Journal(folder.path) as journal:
            link = Link(endpoint(made.access), made.name, made.devices)
            try:
                controller = running.Run(folder, journal, link, Silent())
                ended = controller.until_ended(lambda _s: bool(found().everybody) or time.monotonic() > deadline_s)
            finally:
                link.close()
        assert ended or found().everybody
        return found()


def asks_on(course: Course, before: Callable[[str], str]) -> tuple[Event, ...]:
    if course.stopped and course.waiting:
        return (Asked(at_s=course.now_s, before={course.waiting[0]: ""}),)
    return deciding.decide(course, before)


def takes_all_back(course: Course, before: Callable[[str], str]) -> tuple[Event, ...]:
    asked = tuple(device for wave in course.waves for device in wave)
    told = deciding.decide(course, before)
    return tuple(one.model_copy(update={"back": asked}) if isinstance(one, Stopped) else one for one in told)


def speaks_to_a_stranger(course: Course) -> dict[str, str]:
    told = deciding.wanted(course)
    return {**told, "stranger": course.plan.desired.decode()} if told else told


class Stammering(Retained):
    """Says everything twice."""

    def due(self, wanted: Mapping[str, str], now_s: float) -> list[str]:
        return 2 * super().due(wanted, now_s)


def test_a_controller_as_it_is_harms_nobody(running_broker: Broker, tmp_path: Path) -> None:
    assert done(running_broker, tmp_path) == NOBODY


@pytest.mark.parametrize(
    ("part", "mutant", "kind"),
    [
        ("decide", asks_on, "asked_after_stop"),
        ("decide", takes_all_back, "withdrawn_good"),
        ("wanted", speaks_to_a_stranger, "outside"),
        ("Retained", Stammering, "asked_twice"),
    ],
)
def test_one_that_does_is_found_out(
    running_broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, mutant: object, kind: str
) -> None:
    monkeypatch.setattr(running, part, mutant)
    assert getattr(done(running_broker, tmp_path), kind)


def test_nothing_was_said_and_nothing_happened() -> None:
    assert harm(plan(2), [], []) == NOBODY


def test_the_stop_is_that_of_the_journal() -> None:
    good = Heard(at_s=1, device="d0000", phase=Phase.GOOD, reason="", detail="")
    events: list[Event] = [Asked(at_s=0, before={"d0000": ""}), good, Stopped(at_s=2, why="", back=())]
    assert harm(plan(2), events, [("d0000", "autumn")]) == NOBODY
    after = [*events, Asked(at_s=3, before={"d0001": ""})]  # nothing was withdrawn, and yet it is after the stop
    assert harm(plan(2), after, [("d0000", "autumn"), ("d0001", "autumn")]).asked_after_stop == {"d0001"}
    again = [("d0000", "autumn"), ("d0000", ""), ("d0000", "autumn")]
    assert harm(plan(2), events, again) == Harm({"d0000"}, {"d0000"}, set(), {"d0000"})


def test_machines() -> None:
    made = {"mixed": ("neither", 0), "well": ("2", 0), "returned": (OLD, 1), "sick": ("2", 0), "back": (OLD, 1)}
    devices = {
        name: SimulatedDevice(name, Nature(), lambda *_: None, lambda _: None, version=version, returned=returned)
        for name, (version, returned) in made.items()
    }
    found = machine_harm(devices, {"sick", "back"}, OLD, "2")
    assert (found.mixed, found.healthy_returned, found.sick_on_new) == ({"mixed"}, {"returned"}, {"sick"})
    assert found.everybody == {"mixed", "returned", "sick"}
