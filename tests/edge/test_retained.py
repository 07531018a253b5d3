"""What the broker keeps for a daemon that was killed."""

from pathlib import Path

import pytest

from edge.bus import LocalBus
from edge.config.settings import Settings
from edge.contracts.stored import Json, Stored
from edge.contracts.topics import Topics
from edge.retained import MOST, RetainedTopics
from edge.watching.cameras import scored

TOPICS = Topics("dev")
BASE = "foresight/dev"


def run(folder: Path, *published: tuple[str, bytes]) -> RetainedTopics:
    made = RetainedTopics(LocalBus(), TOPICS, folder)
    for topic, payload in published:
        made.publish(topic, payload, retain=True)
    return made


def after_restart(folder: Path, names: set[str], scored: set[str] | None = None) -> dict[str, bytes]:
    bus, told = LocalBus(), dict[str, bytes]()
    bus.subscribe("#", lambda message: told.__setitem__(message.topic, message.payload))
    RetainedTopics(bus, TOPICS, folder).begin(names, scored=names if scored is None else scored, pictures=True)
    return told


def test_at_first_there_is_nothing_to_take_back(tmp_path: Path) -> None:
    assert after_restart(tmp_path, {"yard"}) == {}


@pytest.mark.parametrize(
    ("topic", "payload", "then"),
    [
        ("zone/yard/person", b"2", b"0"),
        ("zone/gate/all", b"2", b"0"),
        ("expected/gate/all", b"ON", b"OFF"),
        ("yard/status", b"online", b"offline"),
        ("zone/old/person", b"2", b""),
        ("expected/old/person", b"ON", b""),
        ("old/status", b"online", b""),
        ("old/enabled/state", b"ON", b""),
        ("old/snapshot", b"jpeg", b""),
        ("accelerator", b"ok", b""),
        ("sensor/yard/status", b"online", b"offline"),
        ("sensor/yard/problem", b"ON", b"OFF"),
        ("sensor/old/problem", b"ON", b""),
        ("score/old", b"{}", b""),
        ("groups/3/state", b"fox", b""),
    ],
)
def test_old_news_is_taken_back(tmp_path: Path, topic: str, payload: bytes, then: bytes) -> None:
    run(tmp_path, (f"{BASE}/{topic}", payload))
    assert after_restart(tmp_path, {"yard", "gate"}) == {f"{BASE}/{topic}": then}


@pytest.mark.parametrize(
    "topic", ["yard/snapshot", "yard/enabled/state", "device/reload/state", "score/yard", "update/reported"]
)
def test_what_still_holds_stays(tmp_path: Path, topic: str) -> None:
    run(tmp_path, (f"{BASE}/{topic}", b"x"))
    assert after_restart(tmp_path, {"yard"}) == {}


@pytest.mark.parametrize("topic", ["score/yard", "expected/yard/near_miss"])
def test_nothing_is_left_of_expectations_that_are_switched_off(tmp_path: Path, topic: str) -> None:
    run(tmp_path, (f"{BASE}/{topic}", b"x"), (f"{BASE}/score/gate", b"y"))
    assert after_restart(tmp_path, {"yard", "gate"}, {"gate"}) == {f"{BASE}/{topic}": b""}


@pytest.mark.parametrize(
    ("expected", "names"),
    [({}, {"gate"}), ({"near_miss": {"enabled": True}}, {"gate", "yard"}),
     ({"enabled": False, "near_miss": {"enabled": True}}, set())],
)  # fmt: skip
def test_scores_are_of_what_is_expected(expected: object, names: set[str]) -> None:
    zone = {"name": "gate", "points": [(0, 0), (1, 0), (1, 1)]}
    camera = {"source": "rtsp://h/s", "zones": [zone], "events": {"expected": expected}}
    assert scored(Settings.model_validate({"cameras": {"yard": camera}})) == names


def test_no_picture_stays_where_none_may_leave_the_device(tmp_path: Path) -> None:
    made = run(tmp_path, (f"{BASE}/yard/snapshot", b"jpeg"))
    made.begin({"yard"}, scored=set(), pictures=False)
    assert made.under(BASE) == set()


@pytest.mark.parametrize("value", [None, 1, ["a/#", "", "x\0", 5, f"{BASE}/zone/z/+"]])
def test_what_can_be_no_topic_is_not_believed(tmp_path: Path, value: Json) -> None:
    Stored(tmp_path / "retained.json").write(value)
    assert run(tmp_path).under("") == set()


def test_a_device_that_was_renamed_leaves_nothing_behind(tmp_path: Path) -> None:
    run(tmp_path, ("foresight/old/yard/status", b"online"), ("homeassistant/device/foresight_old/config", b"{}"))
    assert after_restart(tmp_path, {"yard"}) == {"foresight/old/yard/status": b""}


def test_what_was_deleted_or_never_kept_is_forgotten(tmp_path: Path) -> None:
    made = run(tmp_path, (f"{BASE}/zone/old/a", b"1"), (f"{BASE}/zone/old/a", b""))
    made.publish(f"{BASE}/yard/tracks", b"{}")
    assert made.under(BASE) == set()
    assert after_restart(tmp_path, set()) == {}


def test_topics_elsewhere_are_found_by_their_beginning(tmp_path: Path) -> None:
    run(tmp_path, ("homeassistant/device/a/config", b"{}"), (f"{BASE}/yard/status", b"online"))
    assert run(tmp_path).under("homeassistant/") == {"homeassistant/device/a/config"}


def test_it_does_not_grow_without_bounds(tmp_path: Path) -> None:
    made = run(tmp_path, *((f"{BASE}/zone/z/{n}", b"1") for n in range(3)))
    made._known |= {str(n) for n in range(MOST)}
    made.publish(f"{BASE}/zone/z/more", b"1", retain=True)
    assert f"{BASE}/zone/z/more" not in made.under(BASE)
