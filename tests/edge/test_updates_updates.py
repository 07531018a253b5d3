"""The thread of the updates: who is heard, what is reported, and how it ends."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from edge.contracts.clerk import Desk
from edge.contracts.release import Kind
from edge.contracts.update_state import Desired, Phase, Running, Wish, encode_reported, parse_reported
from edge.updates.context import Clock
from edge.updates.settings import GateSettings
from edge.updates.updates import Device, Links, Updates
from tests.rigs.host import wait_until
from tests.rigs.releases import THIS, FakeClocks, Workshop
from tests.rigs.updating.updating import CONFIGURATION, MODEL, Rig, device_settings

WAIT_S = 30.0
AT_ONCE = GateSettings(before_s=0, warm_s=0, watch_s=0.01)
QUICK = Desk("updates", "an update went wrong", turn_s=0.01, close_s=WAIT_S)
SHIPPED = Running("paths.tflite", "", "0.1", "0" * 64, 1)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path / "device", Workshop(tmp_path / "workshop"))
    rig.release(b"one")
    rig.release(b"a: 1", CONFIGURATION)
    return rig


def updates(rig: Rig, **changes: object) -> Updates:
    links = Links(
        source=rig.source,
        installers=dict.fromkeys(Kind, rig.daemon),
        probe=rig.daemon,
        changed=lambda: None,
        clock=Clock(now_s=lambda: 10 * time.monotonic()),
        serving=lambda: [SHIPPED, *rig.daemon.files()],
        clocks=FakeClocks().clocks(),
    )
    settings = device_settings(rig.root, gate=AT_ONCE, **changes)
    return Updates(settings, Device("door-1", THIS.daemon), rig.home, links, QUICK)


def phases(updates: Updates) -> dict[str, Phase]:
    return {each.name: each.phase for each in updates.reported().wishes}


def answers(running: Updates, rollout: str) -> bool:
    return running.reported().rollout == rollout


def want(name: str, rollout: str = "r1") -> Desired:
    return Desired(rollout, (Wish(name, "1"),))


def test_without_a_wish_what_was_shipped_runs(rig: Rig) -> None:
    with updates(rig) as running:
        told = running.reported()
    assert (told.device, told.board, told.daemon, told.rollout) == ("door-1", "pi4", "0.3.0", "")
    assert (told.wishes, told.running, told.blocked) == ((), (SHIPPED,), ())
    assert parse_reported(encode_reported(told)) == told


def test_what_is_heard_is_done(rig: Rig) -> None:
    with updates(rig) as running:
        running.heard(want(MODEL))
        assert wait_until(lambda: phases(running) == {MODEL: Phase.GOOD}, WAIT_S)
        told = running.reported()
        assert {place: path.read_bytes() for place, path in running.active_files().items()} == {"street.tflite": b"one"}
    assert [(each.place, each.version) for each in told.running] == [("paths.tflite", "0.1"), ("street.tflite", "1")]
    assert parse_reported(encode_reported(told)) == told


def test_nothing_is_done_where_it_is_disabled(rig: Rig) -> None:
    with updates(rig, enabled=False) as running:
        running.heard(want(MODEL))
    assert running.reported().wishes == ()


def test_the_device_goes_before_its_groups(rig: Rig) -> None:
    with updates(rig, groups=("shops", "doors")) as running:
        for desired, group, rollout in [
            (want(MODEL, "of-doors"), "doors", "of-doors"),
            (want(MODEL, "of-others"), "others", "of-doors"),
            (want(CONFIGURATION, "of-shops"), "shops", "of-shops"),
            (Desired("own", ()), "", "own"),
            (Desired("", ()), "", "of-shops"),
            (Desired("", ()), "shops", "of-doors"),
        ]:
            running.heard(desired, group)
            assert wait_until(partial(answers, running, rollout), WAIT_S)


def test_what_was_wanted_is_remembered(rig: Rig) -> None:
    with updates(rig) as running:
        running.heard(want(MODEL))
        assert wait_until(lambda: phases(running) == {MODEL: Phase.GOOD}, WAIT_S)
    told = updates(rig).reported()
    assert (told.rollout, [each.phase for each in told.wishes]) == ("r1", [Phase.GOOD])


def test_it_ends_while_nobody_answers(rig: Rig) -> None:
    rig.served.files = {path: data for path, data in rig.served.files.items() if not path.startswith("targets/")}
    with updates(rig) as running:
        running.heard(want(MODEL))
        assert wait_until(lambda: phases(running) == {MODEL: Phase.FETCHING}, WAIT_S)
    assert "updates" not in [thread.name for thread in threading.enumerate()]


def test_a_wish_that_vanishes_while_it_is_fetched_is_dropped(rig: Rig) -> None:
    rig.served.files = {path: data for path, data in rig.served.files.items() if not path.endswith(".tflite")}
    with updates(rig) as running:
        running.heard(want(MODEL))
        assert wait_until(lambda: phases(running) == {MODEL: Phase.FETCHING}, WAIT_S)
        running.heard(want(CONFIGURATION))
        assert wait_until(lambda: phases(running) == {CONFIGURATION: Phase.GOOD}, WAIT_S)
