"""Roll-outs to a small fleet at a real broker: what is stopped, brought back, waited for, and gone on with."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from edge.contracts.errors import BrokerError
from edge.contracts.update_state import Desired, Wish, encode_desired
from firmware_tools.broker import PasswordAccess
from firmware_tools.errors import MistakeError
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.deciding import standings
from firmware_tools.rollout.folder import BusyError, Folder, Order, begin
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.session import run
from firmware_tools.rollout.standing import State
from tests.paths import REPOSITORY
from tests.rigs.broker import Broker, passwords
from tests.rigs.host import wait_until
from tests.rigs.rollouts import Overheard, names, plan
from tests.rigs.simulated_device import OLD, Nature
from tests.rigs.simulated_fleet import SimulatedFleet

WELL, SICK, SLOW = Nature(), Nature(sick=True, trial_s=1.0), Nature(trial_s=30.0)
EARLIER = encode_desired(Desired("summer", (Wish("models/street.tflite", "1"),)))


@pytest.fixture(scope="module")
def running() -> Iterator[Broker]:
    with Broker() as started:
        yield started


@pytest.fixture
def broker(running: Broker) -> Broker:
    running.restart()  # without memory
    return running


def fleet(broker: Broker, count: int, offline: tuple[str, ...] = (), **others: Nature) -> SimulatedFleet:
    natures = {name: others.get(name, WELL) for name in names(count)}
    return SimulatedFleet(broker.port, natures, offline)


def ran(folder: Folder, once: bool = False) -> Course:
    return run(folder, Console(file=StringIO()), quiet=True, once=once)


def counts(course: Course) -> dict[str, int]:
    return dict(Counter(one.state.value for one in standings(course).values()))


class Background:
    """A roll-out that runs on a thread until it is over."""

    def __init__(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signal, "signal", lambda *_: None)  # signals are the main thread's
        self.folder = folder
        self._thread = threading.Thread(target=ran, args=(folder,))
        self._thread.start()

    def comes_to(self, word: State, count: int) -> None:
        assert wait_until(lambda: counts(self.folder.course()).get(word, 0) == count)

    def ended(self) -> Course:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.folder.course()


def test_all_is_well(broker: Broker, tmp_path: Path) -> None:
    with Overheard(broker.port) as overheard, fleet(broker, 9) as devices:
        course = ran(begin(tmp_path, plan(9, broker.port)))
        assert (course.ended, course.stopped, counts(course)) == (True, "", {"good": 9})
        assert set(devices.versions().values()) == {"2"}
        assert sorted(overheard.said(9)) == [(name, "autumn") for name in names(9)]
        assert ran(Folder(tmp_path / "autumn")).ended  # once more: nothing is left to be done
        assert len(overheard.said()) == 9


def test_a_sick_one_stops_it_and_what_was_asked_is_taken_back(broker: Broker, tmp_path: Path) -> None:
    with Overheard(broker.port) as overheard, fleet(broker, 9, d0002=SICK, d0004=SLOW) as devices:
        overheard.say("d0002", EARLIER)
        course = ran(begin(tmp_path, plan(9, broker.port, threshold=0.0)))
        assert course.ended
        assert course.stopped == "1 of 5 judged failed (20.0%); 0.0% are let pass"
        assert course.asked == 6
        assert overheard.said(9)[7:] == [("d0002", "summer"), ("d0004", "")]
        assert devices.devices["d0002"].returned == 1
        assert {name for name, version in devices.versions().items() if version == OLD} == {
            "d0002", "d0006", "d0007", "d0008",
        }  # fmt: skip


def test_who_is_offline_is_not_waited_for_and_gets_it_later(broker: Broker, tmp_path: Path) -> None:
    with fleet(broker, 5, offline=("d0003",)) as devices:
        course = ran(begin(tmp_path, plan(5, broker.port, gone_s=0.6)))
        assert (course.ended, course.stopped, counts(course)) == (True, "", {"good": 4, "pending": 1})
        assert devices.versions()["d0003"] == OLD
        devices.online("d0003")
        assert wait_until(lambda: devices.versions()["d0003"] == "2")


def test_who_goes_offline_with_it_failed(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fleet(broker, 5, d0001=SLOW) as devices:
        background = Background(begin(tmp_path, plan(5, broker.port, gone_s=0.6)), monkeypatch)
        background.comes_to(State.BUSY, 1)
        devices.offline("d0001")
        course = background.ended()
        assert course.stopped == "the canary d0001 failed (gone)"
        assert course.asked == 2


def test_paused_and_resumed_and_aborted(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slower = {name: Nature(trial_s=0.5 if name < "d0002" else 2.0) for name in names(9)}
    with SimulatedFleet(broker.port, slower) as devices:
        folder = begin(tmp_path, plan(9, broker.port, soak_s=0.0))
        background = Background(folder, monkeypatch)
        background.comes_to(State.BUSY, 2)
        folder.want(Order.PAUSE)
        background.comes_to(State.GOOD, 2)
        assert wait_until(lambda: folder.course().paused)
        assert folder.course().asked == 2
        folder.want(Order.RUN)
        background.comes_to(State.BUSY, 4)
        folder.want(Order.ABORT)
        course = background.ended()
        assert course.stopped == "a person asked for it"
        assert len(course.back) == 4
        assert counts(course)["good"] == 2
        assert [device.version for device in devices.devices.values()][6:] == [OLD, OLD, OLD]


def test_a_broker_that_goes_and_forgets(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slower = {name: Nature(trial_s=0.5) for name in names(5)}
    with SimulatedFleet(broker.port, slower) as devices:
        background = Background(begin(tmp_path, plan(5, broker.port)), monkeypatch)
        background.comes_to(State.BUSY, 2)
        broker.restart()
        course = background.ended()
        assert (course.stopped, counts(course)) == ("", {"good": 5})
        assert set(devices.versions().values()) == {"2"}


def test_what_somebody_else_wants_is_left_alone(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Overheard(broker.port) as overheard, fleet(broker, 5, d0000=SLOW):
        background = Background(begin(tmp_path, plan(5, broker.port)), monkeypatch)
        background.comes_to(State.BUSY, 1)
        with pytest.raises(BusyError, match="by another process"):
            ran(background.folder)
        overheard.say("d0000", EARLIER)
        course = background.ended()
        assert (course.stopped, counts(course)) == ("", {"others": 1, "good": 4})
        assert [one for one in overheard.said() if one[0] == "d0000"] == [("d0000", "autumn"), ("d0000", "summer")]


def test_looks_now_and_then(broker: Broker, tmp_path: Path) -> None:
    folder = begin(tmp_path, plan(3, broker.port, soak_s=0.0))
    with fleet(broker, 3) as devices:
        assert not ran(folder, once=True).ended
        assert wait_until(lambda: list(devices.versions().values()).count("2") == 2)
        assert wait_until(lambda: ran(folder, once=True).ended)
        assert set(devices.versions().values()) == {"2"}


def killed(folder: Folder, asked: int) -> None:
    """Run it in a process of its own, and kill -9 that when so many were asked."""
    command = [sys.executable, "-m", "firmware_tools", "rollout", "resume", folder.path.name, "--quiet"]
    with subprocess.Popen(
        [*command, "--home", str(folder.path.parent)], cwd=REPOSITORY, stdout=subprocess.DEVNULL
    ) as process:
        try:
            assert wait_until(lambda: folder.course().asked >= asked)
        finally:
            os.kill(process.pid, signal.SIGKILL)


def test_killed_and_gone_on_with(broker: Broker, tmp_path: Path) -> None:
    with Overheard(broker.port) as overheard, fleet(broker, 20) as devices:
        folder = begin(tmp_path, plan(20, broker.port))
        killed(folder, 2)
        killed(folder, 14)
        course = ran(folder)
        assert (course.stopped, counts(course)) == ("", {"good": 20})
        assert set(devices.versions().values()) == {"2"}
        assert sorted(overheard.said(20)) == [(name, "autumn") for name in names(20)]


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    begin(tmp_path, plan(5))
    assert begin(tmp_path, plan(5)).path == tmp_path / "autumn"  # the same
    with pytest.raises(MistakeError, match="already, with other pace"):
        begin(tmp_path, plan(5, soak_s=7.0))
    with pytest.raises(MistakeError, match="d0000 and 2 more have the roll-out autumn at this time"):
        begin(tmp_path, plan(3, name="winter"))
    with pytest.raises(MistakeError, match="d0000 has the roll-out autumn at this time"):
        begin(tmp_path, plan(1, name="winter", canaries=1))
    with pytest.raises(MistakeError, match="no roll-out spring"):
        Folder(tmp_path / "spring").plan()


def test_a_broker_that_refuses_us(tmp_path: Path) -> None:
    passwords(tmp_path / "users", "rollout", "hush-hush")
    (tmp_path / "wrong").write_text("wrong-wrong\n")
    with Broker((f"password_file {tmp_path / 'users'}",), anonymous=False) as broker:
        access = PasswordAccess(
            address=f"127.0.0.1:{broker.port}", username="rollout", password_file=tmp_path / "wrong"
        )
        folder = begin(tmp_path / "home", Plan(**{**dict(plan(2)), "access": access}))
        with pytest.raises(BrokerError, match="refuses us") as caught:
            ran(folder)
        folder.want(Order.ABORT)
        assert ran(folder).ended  # it had asked nobody, so nobody is to be told
    assert "wrong-wrong" not in str(caught.value)
