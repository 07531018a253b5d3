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
from edge.orders import Loaded, Refused, ReloadResult
from edge.pipeline import Followed
from edge.runtime.faults import Fault, FaultError
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.daemon_health import ENOUGH, DaemonHealth
from tests.rigs.scenes import Reel, Scripted, camera, chain, intake, scene

SETTINGS = Settings.model_validate({"cameras": {"yard": {"source": "street"}}})


class NoModels:
    @property
    def switched(self) -> dict[object, object]:
        return {}

    def put(self, named: object, other: object) -> None:
        raise AssertionError


def running(captured: Callable[[], int] = lambda: 0) -> RunningConfiguration:
    return RunningConfiguration(SETTINGS, NoModels(), captured)  # type: ignore[arg-type]


def daemon(*said: ReloadResult) -> DaemonControl:
    """One that says this of the changes that it is asked for, and runs what it says is loaded."""
    answers = iter(said)

    def answer() -> None:
        result = next(answers)
        if result == Loaded():
            control.started(running())
        control.reloaded(result)

    control = DaemonControl(lambda: threading.Thread(target=answer).start(), lambda _: None)
    return control


def test_a_change_that_is_taken_up_is_waited_for() -> None:
    control = daemon(Loaded())
    control.reload(lambda: control.running is not None)
    assert control.has_run


def test_what_was_being_read_when_it_was_asked_for_does_not_count() -> None:
    control = daemon(Refused("of before"), Loaded())
    control.reload(lambda: control.running is not None)


NO_ROOM = Refused.of(FaultError(Fault.NO_SPACE, "no room to try it"))


@pytest.mark.parametrize(
    ("said", "words", "reason"),
    [
        ((Refused("a"), Refused("no such key")), "no such key", Reason.UNFIT),
        ((Refused("a"), Refused.of(FaultError(Fault.GOLDEN, "other figures"))), "other figures", Reason.UNFIT),
        ((Refused("a"), NO_ROOM), "no room", Reason.NO_SPACE),
        ((Loaded(), Loaded()), "though", Reason.UNFIT),
    ],
)
def test_a_change_that_is_not_taken_up_is_refused(said: tuple[ReloadResult, ...], words: str, reason: Reason) -> None:
    with pytest.raises(RefusedError, match=words) as error:
        daemon(*said).reload(lambda: False)
    assert error.value.reason is reason


def test_nobody_waits_for_a_daemon_that_ends() -> None:
    control = DaemonControl(lambda: None, lambda _: None)
    control.end()
    with pytest.raises(RefusedError) as error:
        control.reload(lambda: False)
    assert error.value.reason is Reason.STOPPED
    with pytest.raises(RefusedError):
        control.settled()


def test_a_wait_ends() -> None:
    assert not DaemonControl(lambda: None, lambda _: None).wait(lambda: False, 0.01)


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
    sample = DaemonHealth(daemon(), lambda: False).sample()
    assert (sample.frames, sample.looks, sample.failures, sample.broker) == (0, 0, 0, False)
    assert math.isnan(sample.score)


def test_frames_go_on_over_changes_of_configuration(yard: Camera) -> None:
    counts, control = iter([5, 9, 3, 4, 4]), daemon()
    health = DaemonHealth(control, lambda: True)
    control.started(running(lambda: next(counts)))
    assert [health.sample().frames for _ in range(2)] == [5, 9]
    control.stopped()
    assert health.sample().frames == 9
    control.started(running(lambda: next(counts)))
    assert [health.sample().frames for _ in range(2)] == [12, 13]
    health.failed(yard, EdgeError("x"))
    assert health.sample().failures == 1


def test_looks_and_what_they_found(yard: Camera) -> None:
    health = DaemonHealth(daemon(), lambda: True)
    for one in (followed([0.5, 0.7]), followed([0.9]), followed([], looked=False)):
        health.seen(yard, one)
    assert health.sample().looks == 2
    assert health.sample().score == pytest.approx(0.7)
    health.forget()
    assert math.isnan(health.sample().score)


@pytest.mark.parametrize(
    ("moves", "looks", "blind"), [(True, ENOUGH, True), (True, ENOUGH - 1, False), (False, 99, False)]
)
def test_who_finds_nothing_though_much_moves_is_blind(yard: Camera, moves: bool, looks: int, blind: bool) -> None:
    health, nothing = DaemonHealth(daemon(), lambda: True), followed([], moves=moves)
    for _ in range(looks):
        health.seen(yard, nothing)
    score = health.sample().score
    assert (score == 0.0) if blind else math.isnan(score)
