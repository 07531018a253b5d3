"""Where the daemon and its updates meet: waiting for a change, and what the health gate feels."""

import math
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.attention import LookSettings
from edge.capture import Camera
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.types import Activity, Detections
from edge.pipeline import Followed
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.pulse import ENOUGH, Pulse
from edge.updating.seat import Present, Seat
from tests.rigs.scenes import Reel, Scripted, camera, chain, intake, scene

SETTINGS = Settings.model_validate({"cameras": {"yard": {"source": "street"}}})


class NoModels:
    @property
    def switched(self) -> dict[object, object]:
        return {}

    def put(self, named: object, other: object) -> None:
        raise AssertionError


def present(captured: Callable[[], int] = lambda: 0) -> Present:
    return Present(SETTINGS, NoModels(), captured)  # type: ignore[arg-type]


def daemon(*said: str) -> Seat:
    """One that says this of the changes that it is asked for, and runs what it says is loaded."""
    answers = iter(said)

    def answer() -> None:
        text = next(answers)
        if text == "loaded":
            seat.runs(present())
        seat.told(text)

    seat = Seat(lambda: threading.Thread(target=answer).start(), lambda _: None)
    return seat


def test_a_change_that_is_taken_up_is_waited_for() -> None:
    seat = daemon("loaded")
    seat.reload(lambda: seat.present is not None)
    assert seat.began


def test_what_was_being_read_when_it_was_asked_for_does_not_count() -> None:
    seat = daemon("refused: of before", "loaded")
    seat.reload(lambda: seat.present is not None)


@pytest.mark.parametrize(
    ("said", "words"), [(("refused: a", "refused: no such key"), "no such key"), (("loaded", "loaded"), "though")]
)
def test_a_change_that_is_not_taken_up_is_refused(said: tuple[str, ...], words: str) -> None:
    with pytest.raises(RefusedError, match=words) as error:
        daemon(*said).reload(lambda: False)
    assert error.value.reason is Reason.UNFIT


def test_nobody_waits_for_a_daemon_that_ends() -> None:
    seat = Seat(lambda: None, lambda _: None)
    seat.end()
    with pytest.raises(RefusedError) as error:
        seat.reload(lambda: False)
    assert error.value.reason is Reason.STOPPED
    with pytest.raises(RefusedError):
        seat.settled()


def test_a_wait_ends() -> None:
    assert not Seat(lambda: None, lambda _: None).wait(lambda: False, 0.01)


def followed(score: list[float], moves: bool = True, looked: bool = True) -> Followed:
    region = np.zeros((int(moves), 4), np.float32)
    sensed = replace(intake().step(scene(0)), activity=Activity(region, calibrating=False, due=False))
    made = chain(Scripted(), LookSettings(every_frame=True)).step(sensed)
    boxes = np.zeros((len(score), 4), np.float32)
    found = Detections(boxes, np.array(score, np.float32), np.zeros(len(score), np.int64))
    return replace(made, looked=looked, detections=found)


@pytest.fixture
def yard() -> Camera:
    return camera(lambda: Reel([]), Scripted())


def test_nothing_that_happened_is_no_pulse() -> None:
    vitals = Pulse(daemon(), lambda: False).vitals()
    assert (vitals.frames, vitals.looks, vitals.failures, vitals.broker) == (0, 0, 0, False)
    assert math.isnan(vitals.score)


def test_frames_go_on_over_changes_of_configuration(yard: Camera) -> None:
    counts, seat = iter([5, 9, 3, 4, 4]), daemon()
    pulse = Pulse(seat, lambda: True)
    seat.runs(present(lambda: next(counts)))
    assert [pulse.vitals().frames for _ in range(2)] == [5, 9]
    seat.rests()
    assert pulse.vitals().frames == 9
    seat.runs(present(lambda: next(counts)))
    assert [pulse.vitals().frames for _ in range(2)] == [12, 13]
    pulse.failed(yard, EdgeError("x"))
    assert pulse.vitals().failures == 1


def test_looks_and_what_they_found(yard: Camera) -> None:
    pulse = Pulse(daemon(), lambda: True)
    for one in (followed([0.5, 0.7]), followed([0.9]), followed([], looked=False)):
        pulse.seen(yard, one)
    assert pulse.vitals().looks == 2
    assert pulse.vitals().score == pytest.approx(0.7)
    pulse.forget()
    assert math.isnan(pulse.vitals().score)


@pytest.mark.parametrize(
    ("moves", "looks", "blind"), [(True, ENOUGH, True), (True, ENOUGH - 1, False), (False, 99, False)]
)
def test_who_finds_nothing_though_much_moves_is_blind(yard: Camera, moves: bool, looks: int, blind: bool) -> None:
    pulse, nothing = Pulse(daemon(), lambda: True), followed([], moves=moves)
    for _ in range(looks):
        pulse.seen(yard, nothing)
    score = pulse.vitals().score
    assert (score == 0.0) if blind else math.isnan(score)
