"""The update machine: from what is wanted to what serves, and back where it is sick."""

import contextlib
import hashlib
from pathlib import Path

import pytest

from edge.contracts.update_state import Phase
from edge.updates.desired_inbox import PACE_S, REPEAT_S
from edge.updates.trust.refusal import Reason
from tests.rigs.releases import Served, Workshop
from tests.rigs.updating.device import BREAKS, FAILS, HOW, SICK, STILLBORN, STUCK, UNFIT
from tests.rigs.updating.updating import BUNDLE, CONFIGURATION, MODEL, SYSTEM, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "device", Workshop(tmp_path / "workshop"))


def test_nothing_is_done_where_nothing_is_wanted(rig: Rig) -> None:
    rig.release(b"one")
    rig.want()
    for _ in range(20):
        rig.turn()
    reported = rig.updates.reported()
    assert (reported.wishes, reported.running, reported.blocked) == ((), (), ())
    assert rig.said == []


def test_what_is_wanted_serves_and_is_good(rig: Rig) -> None:
    rig.take(b"one", "1")
    assert (rig.phase(), rig.content()) == (Phase.GOOD, b"one")
    assert [what for what, _ in rig.said] == ["check", "activate", "commit"]
    running = rig.updates.reported().running
    assert [(each.place, each.name, each.version) for each in running] == [("street.tflite", MODEL, "1")]


def test_what_serves_is_told_how_it_was_activated(rig: Rig) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.phase() is Phase.TRYING and rig.told().detail != "")
    assert rig.told().detail == HOW
    rig.settle()
    for rollout in ("r1", "r2"):
        rig.want((MODEL, "1"), rollout=rollout)
        rig.turn(REPEAT_S)
        assert (rig.phase(), rig.told().detail) == (Phase.GOOD, HOW)
    rig.start()
    assert (rig.phase(), rig.told().detail) == (Phase.GOOD, "")


def test_what_does_not_serve_is_not_told_to_run(rig: Rig) -> None:
    rig.take(b"one", "1")
    serving = dict(rig.daemon.serving)
    rig.daemon.serving.clear()  # as a reload does, where the file is damaged
    assert rig.updates.reported().running == ()
    rig.daemon.serving.update(serving)
    assert [each.version for each in rig.updates.reported().running] == ["1"]


def test_a_system_is_told_to_run_once_it_was_started(rig: Rig) -> None:
    assert systems(rig) == []
    for version, before in (("1", []), ("2", ["1"])):
        rig.release(BUNDLE + version.encode(), SYSTEM, version=version)
        rig.want((SYSTEM, version))
        rig.until(lambda: rig.daemon.slots.trial != "")
        rig.turn()
        assert (rig.phase(SYSTEM), systems(rig)) == (Phase.TRYING, before)
        rig.daemon.slots.reboot()
        rig.start()
        rig.turn()
        assert (rig.phase(SYSTEM), systems(rig)) == (Phase.TRYING, [version])
        rig.want((SYSTEM, version))
        rig.settle()
        assert systems(rig) == [version]


def systems(rig: Rig) -> list[str]:
    return [each.version for each in rig.updates.reported().running if each.place == "system"]


def test_the_next_version_takes_the_place_and_the_old_file_goes(rig: Rig) -> None:
    rig.take(b"one", "1")
    rig.take(b"two", "2")
    assert (rig.phase(), rig.content()) == (Phase.GOOD, b"two")
    assert rig.files() == ["street.tflite"]


@pytest.mark.parametrize("content", [SICK, FAILS, STUCK, BREAKS])
def test_what_is_sick_is_returned_and_not_taken_again(rig: Rig, content: bytes) -> None:
    rig.take(b"one", "1")
    rig.take(content, "2")
    assert (rig.phase(), rig.told().reason, rig.content()) == (Phase.RETURNED, "sick", b"one")
    assert [each.sha256 for each in rig.updates.reported().blocked] == [hashlib.sha256(content).hexdigest()]
    rig.start()
    assert rig.phase() is Phase.RETURNED
    rig.said.clear()
    rig.take(content, "3")
    assert (rig.told().reason, rig.content(), rig.said) == ("barred", b"one", [])


def test_what_was_shipped_serves_again_where_the_first_is_sick(rig: Rig) -> None:
    rig.take(SICK, "1")
    assert (rig.phase(), rig.content(), rig.files()) == (Phase.RETURNED, b"", [])


@pytest.mark.parametrize("content", [UNFIT, STILLBORN])
def test_what_does_not_pass_is_refused(rig: Rig, content: bytes) -> None:
    rig.take(b"one", "1")
    rig.take(content, "2")
    assert (rig.phase(), rig.told().reason, rig.content()) == (Phase.REFUSED, "unfit", b"one")
    assert (rig.updates.reported().blocked, rig.files()) == ((), ["street.tflite"])
    rig.said.clear()
    for _ in range(50):
        rig.turn(3600)
    assert "activate" not in [what for what, _ in rig.said]


def test_older_than_what_was_good_is_refused_also_after_a_return(rig: Rig) -> None:
    rig.take(b"two", "2")
    rig.take(SICK, "3")
    rig.take(b"one", "1")
    assert (rig.phase(), rig.told().reason, rig.content()) == (Phase.REFUSED, "downgrade", b"two")
    rig.take(b"two and a half", "2.5")  # below what was returned, above what was good
    assert (rig.phase(), rig.content()) == (Phase.GOOD, b"two and a half")
    rig.take(b"one", "4")  # the way back
    assert (rig.phase(), rig.content()) == (Phase.GOOD, b"one")


def test_the_way_back_is_the_refused_file_under_a_higher_version(rig: Rig) -> None:
    rig.take(b"two", "2")
    rig.take(b"one", "1")
    assert rig.told().reason == "downgrade"
    rig.take(b"one", "3")
    assert (rig.phase(), rig.content()) == (Phase.GOOD, b"one")


def test_the_same_file_under_a_higher_version_needs_no_trial(rig: Rig) -> None:
    rig.take(b"one", "1")
    rig.said.clear()
    rig.take(b"one", "2")
    assert (rig.phase(), rig.content(), [what for what, _ in rig.said]) == (Phase.GOOD, b"one", ["check"])
    rig.take(b"other", "1.5")
    assert rig.told().reason == "downgrade"


def test_a_model_cannot_take_the_place_of_a_configuration(rig: Rig) -> None:
    rig.take(b"one", "1", "models/configuration")
    assert (rig.phase("models/configuration"), rig.told("models/configuration").reason) == (Phase.REFUSED, "no_place")


def test_what_is_heard_again_is_looked_at_again(rig: Rig) -> None:
    rig.release(b"a: 1", CONFIGURATION)
    rig.want((MODEL, "1"))
    rig.settle()
    assert rig.told().reason == "unknown"
    rig.release(b"one")
    rig.turn(REPEAT_S)
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.phase() is Phase.GOOD)


def test_another_version_than_the_signed_one_is_refused(rig: Rig) -> None:
    rig.release(b"one", version="1")
    rig.want((MODEL, "2"))
    rig.settle()
    assert (rig.phase(), rig.told().reason) == (Phase.REFUSED, "version")


def test_what_is_not_released_is_refused_until_it_is(rig: Rig) -> None:
    rig.release(b"a: 1", CONFIGURATION)
    rig.want((MODEL, "1"))
    rig.settle()
    assert (rig.phase(), rig.told().reason) == (Phase.REFUSED, "unknown")
    rig.release(b"one")
    rig.turn(30000)
    rig.until(lambda: rig.phase() is Phase.GOOD)


def test_what_does_not_come_waits(rig: Rig) -> None:
    rig.want((MODEL, "1"))
    rig.turn()
    assert (rig.phase(), rig.told().reason) == (Phase.WAITING, "unreachable")
    rig.release(b"one")
    rig.settle()
    assert rig.phase() is Phase.GOOD


def test_what_breaks_off_goes_on_where_it_did(rig: Rig) -> None:
    content = bytes(5000)
    rig.release(content)
    path = next(path for path, data in rig.served.files.items() if data == content)
    rig.served.files[path] = content[:2000]
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.told().reason == "truncated")
    assert rig.phase() is Phase.WAITING
    rig.served.files[path] = content
    rig.served.asked.clear()
    rig.settle()
    assert rig.phase() is Phase.GOOD
    assert [offset for asked, offset in rig.served.asked if asked == path] == [2000]


def test_each_wish_stands_alone_and_the_system_comes_last(rig: Rig) -> None:
    rig.release(BUNDLE, SYSTEM)
    rig.release(b"a: 1", CONFIGURATION)
    rig.release(UNFIT, MODEL)
    rig.want((SYSTEM, "1"), (CONFIGURATION, "1"), (MODEL, "1"), ("models/none.tflite", "1"))
    rig.until(lambda: rig.daemon.slots.trial != "")
    assert [rig.phase(name) for name in rig.names()] == [Phase.TRYING, Phase.GOOD, Phase.REFUSED, Phase.REFUSED]
    rig.daemon.slots.reboot()
    rig.start()
    rig.want((SYSTEM, "1"), (CONFIGURATION, "1"), (MODEL, "1"))
    rig.settle()
    assert [rig.phase(name) for name in rig.names()] == [Phase.GOOD, Phase.GOOD, Phase.REFUSED]
    assert rig.daemon.slots.kept == hashlib.sha256(BUNDLE).hexdigest()
    assert rig.files() == ["door.yaml"]


def test_a_wish_that_is_withdrawn_leaves_what_runs(rig: Rig) -> None:
    rig.take(b"one", "1")
    rig.want()
    for _ in range(50):
        rig.turn()
    assert (rig.content(), rig.updates.reported().wishes) == (b"one", ())


def test_a_trial_ends_before_the_next_wish_begins(rig: Rig) -> None:
    rig.release(b"one")
    rig.release(b"a: 1", CONFIGURATION)
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.phase() is Phase.TRYING and rig.content() == b"one")
    rig.want((CONFIGURATION, "1"))
    rig.settle()
    assert (rig.phase(CONFIGURATION), rig.content("configuration"), rig.content()) == (Phase.GOOD, b"a: 1", b"one")
    assert [what for what, _ in rig.said] == ["check", "activate", "commit"] * 2


def test_two_wishes_for_one_place_do_not_take_turns(rig: Rig) -> None:
    other = "others/street.tflite"
    rig.release(b"other", other)
    rig.release(b"one")
    rig.want((MODEL, "1"), (other, "1"))
    rig.settle()
    assert (rig.phase(), rig.phase(other), rig.told(other).reason) == (Phase.GOOD, Phase.REFUSED, "no_place")
    assert rig.content() == b"one"
    rig.want((other, "1"))  # alone it may have the place
    rig.settle()
    assert (rig.phase(other), rig.content()) == (Phase.GOOD, b"other")


def test_a_daemon_that_dies_of_it_twice_returns_it_without_the_network(rig: Rig) -> None:
    rig.take(b"one", "1")
    rig.release(b"two", version="2")
    rig.want((MODEL, "2"))
    rig.until(lambda: rig.content() == b"two")
    rig.source = Served({})
    for _ in range(2):
        rig.start()
        assert (rig.content(), rig.phase()) == (b"two", Phase.TRYING)
    rig.start()
    assert (rig.content(), rig.phase(), rig.told().reason) == (b"one", Phase.RETURNED, "crashed")
    assert rig.daemon.damaged == []


def test_a_trial_goes_on_after_a_start(rig: Rig) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.content() == b"one")
    rig.source = Served({})
    rig.start()
    rig.until(lambda: rig.phase() is Phase.GOOD)
    assert [what for what, _ in rig.said] == ["check", "activate"]
    rig.turn()
    assert rig.said[-1][0] == "commit"


def test_a_file_that_the_disk_has_lost_does_not_serve_and_comes_again(rig: Rig) -> None:
    rig.take(b"one", "1")
    rig.daemon.serving["street.tflite"].write_bytes(b"0ne")
    rig.start()
    assert (rig.content(), rig.daemon.damaged) == (b"", [])
    rig.want((MODEL, "1"))
    rig.settle()
    assert rig.content() == b"one"


def test_every_change_is_news(rig: Rig) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    seen = []
    while rig.phase() is not Phase.GOOD:
        before = (rig.news, rig.phase())
        rig.turn()
        assert rig.phase() == before[1] or rig.news > before[0]
        seen += [rig.phase()] if rig.phase() != before[1] else []
    assert seen == [Phase.STAGED, Phase.TRYING, Phase.GOOD]
    assert Reason.SICK not in [each.reason for each in rig.updates.reported().wishes]


def test_a_trial_of_which_nobody_can_tell_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.release(b"one")
    rig.want((MODEL, "1"))
    rig.until(lambda: rig.content() == b"one")
    monkeypatch.setattr(rig.daemon, "sample", lambda: 1 // 0)
    for _ in range(40):
        with contextlib.suppress(ZeroDivisionError):
            rig.turn(60)
        rig.daemon.live(60)
    assert (rig.phase(), rig.told().reason) == (Phase.RETURNED, "sick")


def test_the_same_heard_again_and_again_asks_nobody_and_writes_nothing(rig: Rig) -> None:
    rig.release(b"a: 1", CONFIGURATION)
    rig.want((MODEL, "1"))
    rig.settle()
    rig.turn(PACE_S)
    rig.served.asked.clear()
    written = (rig.home / "state.json").stat().st_ino
    for _ in range(50):
        rig.want((MODEL, "1"), passes=False)
        rig.turn(0.01)
    assert rig.served.asked == []
    for _ in range(12):
        rig.want((MODEL, "1"), passes=False)
        rig.turn(REPEAT_S / 10)
    assert len([path for path, _ in rig.served.asked if path.endswith("timestamp.json")]) == 1
    assert (rig.home / "state.json").stat().st_ino == written


def test_a_flood_of_wishes_is_answered_at_the_pace_of_the_device(rig: Rig) -> None:
    rig.release(b"one")
    written, asked = set(), len(rig.served.asked)
    for number in range(300):
        rig.want((MODEL, "1"), rollout=f"r{number}", passes=False)
        rig.turn(0.01)  # three seconds in all
        written.add((rig.home / "state.json").stat().st_ino)
    assert len(written) == 1
    assert len([path for path, _ in rig.served.asked[asked:] if path.endswith("timestamp.json")]) <= 2
    rig.turn(PACE_S)
    rig.turn()
    assert (rig.updates.reported().rollout, rig.state.desired.rollout) == ("r299", "r299")


def test_lists_that_are_not_believed_are_asked_for_again_soon(rig: Rig) -> None:
    rig.release(b"one")
    rig.served.files["metadata/timestamp.json"] = b"{}"
    rig.want((MODEL, "1"))
    rig.settle()
    assert (rig.phase(), rig.told().reason) == (Phase.REFUSED, "malformed")
    rig.serve()
    rig.until(lambda: rig.phase() is Phase.GOOD)
