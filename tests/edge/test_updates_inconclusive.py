"""The broker or cameras go away while something is on trial: who is to blame, and what is tried once more."""

from pathlib import Path

import pytest

from edge.contracts.update_state import Phase
from tests.rigs.releases import Workshop
from tests.rigs.updating.device import BLIND
from tests.rigs.updating.updating import BUNDLE, CONFIGURATION, MODEL, SYSTEM, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "device", Workshop(tmp_path / "workshop"))


def lose(rig: Rig, what: str) -> None:
    """Let the broker or the cameras go away once something is on trial."""
    rig.until(lambda: rig.phase(rig.names()[0]) is Phase.TRYING)
    setattr(rig.daemon, what, False)


@pytest.mark.parametrize("what", ["broker", "cameras"])
def test_what_goes_away_while_a_model_is_on_trial_is_waited_for(rig: Rig, what: str) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    lose(rig, what)
    for _ in range(300):
        rig.turn()
    assert (rig.phase(), rig.content()) == (Phase.TRYING, b"one")
    setattr(rig.daemon, what, True)
    rig.settle()
    assert rig.phase() is Phase.GOOD


@pytest.mark.parametrize("what", ["broker", "cameras"])
def test_a_model_is_withdrawn_in_the_end_and_never_blocked(rig: Rig, what: str) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    for _ in range(2):
        lose(rig, what)
        rig.until(lambda: rig.phase() is Phase.WAITING and not rig.state.pending)
        assert (rig.told().reason, rig.content(), rig.state.blocked) == ("away", b"", ())
        rig.said.clear()
        for _ in range(50):
            rig.turn(60)
        assert (rig.phase(), rig.told().reason, rig.said) == (Phase.WAITING, "away", [])
        setattr(rig.daemon, what, True)
    rig.settle()
    assert (rig.phase(), rig.content(), dict(rig.state.inconclusive)) == (Phase.GOOD, b"one", {})


@pytest.mark.parametrize("name", [CONFIGURATION, SYSTEM])
@pytest.mark.parametrize("what", ["broker", "cameras"])
def test_what_may_be_why_is_returned_at_once_and_tried_once_more(rig: Rig, name: str, what: str) -> None:
    rig.release(BUNDLE if name == SYSTEM else b"a: 1", name)
    rig.want((name, "1"))
    for phase, reason in [(Phase.WAITING, "away"), (Phase.RETURNED, "sick")]:
        rig.until(lambda: rig.phase(name) is Phase.TRYING)
        rig.turn()
        rig.daemon.slots.reboot()
        setattr(rig.daemon, what, False)
        for _ in range(40):
            rig.turn()
        assert (rig.phase(name), rig.told(name).reason) == (phase, reason)
        rig.daemon.slots.reboot()
        rig.start()  # what is inconclusive is on disk
        rig.want((name, "1"))
        setattr(rig.daemon, what, True)
    assert [each.name for each in rig.state.blocked] == [name]


def test_what_was_not_why_is_good_the_second_time(rig: Rig) -> None:
    rig.release(b"a: 1", CONFIGURATION)
    rig.want((CONFIGURATION, "1"))
    lose(rig, "broker")
    rig.until(lambda: rig.phase(CONFIGURATION) is Phase.WAITING)
    rig.daemon.broker = True
    rig.settle()
    assert (rig.phase(CONFIGURATION), rig.state.blocked) == (Phase.GOOD, ())


def test_a_configuration_without_a_camera_is_blocked_by_itself(rig: Rig) -> None:
    rig.take(b"a: " + BLIND, "1", CONFIGURATION)
    assert (rig.phase(CONFIGURATION), rig.told(CONFIGURATION).reason) == (Phase.RETURNED, "sick")
    assert rig.said.count(rig.said[1]) == 2
