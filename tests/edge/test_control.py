"""Commands over MQTT: what they change, what they do not, and what is kept of them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.attention import LookSettings
from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.stored import Json, Stored
from edge.contracts.topics import DEVICE, Command, Topics
from edge.contracts.types import EventKind
from edge.control.knobs import Controls, Knobs
from edge.control.memory import ControlMemory
from edge.control.panel import ControlPanel, Turned
from tests.rigs.scenes import Scripted, chain, intake, knobs, scene

TOPICS = Topics("dev")


class Desk:
    """A panel of one camera, what it publishes, and what it keeps."""

    def __init__(self, turned: Mapping[str, Turned] | None = None) -> None:
        self.knobs = knobs()
        self.done: list[str] = []
        bus = LocalBus()
        actions = {Command(DEVICE, "reload"): lambda: self.done.append("reload")}
        self.panel = ControlPanel(bus, TOPICS, {"cam": self.knobs}, actions, turned or {})
        self.panel.tell()
        self.states: dict[str, bytes] = {}
        bus.subscribe("#", lambda message: self.states.__setitem__(message.topic, message.payload))

    def send(self, topic: str, payload: bytes, *, retained: bool = False) -> Controls:
        self.panel.heard(Message(topic, payload, retained))
        return self.knobs.now


def test_at_first_everything_stands_as_configured() -> None:
    desk = Desk()
    assert desk.states == {
        "foresight/dev/cam/enabled/state": b"ON",
        "foresight/dev/cam/detection/state": b"ON",
        "foresight/dev/cam/threshold/state": b"0.5",
    }


@pytest.mark.parametrize(
    ("thing", "payload", "state", "expected"),
    [
        ("enabled", b"OFF", b"OFF", Controls(False, True, 0.5)),
        ("detection", b"OFF", b"OFF", Controls(True, False, 0.5)),
        ("threshold", b"0.75", b"0.75", Controls(True, True, 0.75)),
        ("threshold", b"0", b"0", Controls(True, True, 0.0)),
        ("threshold", b"1e-1", b"0.1", Controls(True, True, 0.1)),
    ],
)
def test_a_command_turns_its_knob_and_is_confirmed(
    thing: str, payload: bytes, state: bytes, expected: Controls
) -> None:
    desk = Desk()
    assert desk.send(f"foresight/dev/cam/{thing}/set", payload) == expected
    assert desk.states[f"foresight/dev/cam/{thing}/state"] == state


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("cam/enabled/set", b""),
        ("cam/enabled/set", b"off"),
        ("cam/enabled/set", b"\xff\xfe"),
        ("cam/threshold/set", b""),
        ("cam/threshold/set", b"1.5"),
        ("cam/threshold/set", b"-0.1"),
        ("cam/threshold/set", b"nan"),
        ("cam/threshold/set", b"inf"),
        ("cam/threshold/set", b"0." + b"1" * 100_000),
        ("cam/threshold/set", "½".encode()),
        ("cam/colour/set", b"ON"),
        ("cam/enabled/state", b"OFF"),
        ("other/enabled/set", b"OFF"),
        ("cam/enabled/set/set", b"OFF"),
        ("device/enabled/set", b"OFF"),
    ],
)
def test_what_is_not_understood_changes_nothing(topic: str, payload: bytes) -> None:
    desk = Desk()
    before = dict(desk.states)
    assert desk.send(f"foresight/dev/{topic}", payload) == knobs().now
    assert desk.states == before
    assert desk.panel.turned() == {}


def test_commands_to_another_device_or_of_unknown_age_are_not_obeyed() -> None:
    desk = Desk()
    assert desk.send("foresight/other/cam/enabled/set", b"OFF") == knobs().now
    assert desk.send("foresight/dev/cam/enabled/set", b"OFF", retained=True) == knobs().now
    desk.send("foresight/dev/device/reload/set", b"PRESS", retained=True)
    assert desk.done == []


@pytest.mark.parametrize(("payload", "done"), [(b"", []), (b"press", []), (b"\x00" * 10, []), (b"PRESS", ["reload"])])
def test_an_action_is_done_when_its_button_is_pressed(payload: bytes, done: list[str]) -> None:
    desk = Desk()
    desk.send("foresight/dev/device/reload/set", payload)
    assert desk.done == done


def test_what_is_turned_is_kept_until_it_is_turned_back() -> None:
    desk = Desk()
    desk.send("foresight/dev/cam/enabled/set", b"OFF")
    assert desk.panel.turned() == {"cam/enabled": Turned("OFF", "ON")}
    desk.send("foresight/dev/cam/enabled/set", b"ON")
    assert desk.panel.turned() == {}


@pytest.mark.parametrize(
    ("turned", "expected"),
    [
        ({}, Controls(True, True, 0.5)),
        ({"cam/enabled": Turned("OFF", "ON")}, Controls(False, True, 0.5)),
        ({"cam/threshold": Turned("0.8", "0.5")}, Controls(True, True, 0.8)),
        ({"cam/threshold": Turned("0.8", "0.6")}, Controls(True, True, 0.5)),  # the configuration has changed since
        ({"cam/threshold": Turned("high", "0.5"), "gone/enabled": Turned("OFF", "ON")}, Controls(True, True, 0.5)),
    ],
)
def test_a_restart_takes_up_what_was_kept(turned: dict[str, Turned], expected: Controls) -> None:
    desk = Desk(turned)
    assert desk.knobs.now == expected


def test_without_detection_nothing_is_looked_at_and_what_was_there_has_ended() -> None:
    turned, detector, sense = knobs(), Scripted(), intake()
    made = chain(detector, LookSettings(every_frame=True), turned=turned)
    events = [event for k in range(30) for event in made.step(sense.step(scene(k))).events]
    assert [event.kind for event in events][:1] == [EventKind.NEW]
    turned.now = Controls(enabled=True, detection=False, threshold=0.5)
    resting = [made.step(sense.step(scene(k))) for k in range(30, 40)]
    assert detector.looks == list(range(30))
    assert [event.kind for one in resting for event in one.events][-1] is EventKind.END
    assert {len(one.tracks) + len(one.forecasts) + len(one.detections) for one in resting} == {0}
    assert resting[-1].counts[""] == {"block": 0}
    turned.now = Controls(enabled=True, detection=True, threshold=0.5)
    again = [made.step(sense.step(scene(k))) for k in range(40, 50)]
    assert [event.kind for one in again for event in one.events if event.kind is EventKind.NEW] == [EventKind.NEW]
    assert detector.looks == [*range(30), *range(40, 50)]


@pytest.mark.parametrize(("threshold", "told"), [(0.0, True), (0.89, True), (0.91, False)])
def test_the_threshold_decides_what_is_an_object(threshold: float, told: bool) -> None:
    made = chain(Scripted(), LookSettings(every_frame=True), turned=Knobs(Controls(True, True, threshold)))
    sense = intake()
    events = [event for k in range(30) for event in made.step(sense.step(scene(k))).events]
    assert bool(events) is told


@pytest.mark.parametrize("kept", [{}, {"cam/enabled": Turned("OFF", "ON"), "cam/threshold": Turned("0.8", "0.5")}])
def test_what_is_kept_is_found_again(tmp_path: Path, kept: dict[str, Turned]) -> None:
    memory = ControlMemory(tmp_path)
    memory.keep(kept)
    assert (tmp_path / "controls.json").exists() is bool(kept)  # nothing new is not written
    assert ControlMemory(tmp_path).load() == kept
    memory.keep({})
    assert ControlMemory(tmp_path).load() == {}


@pytest.mark.parametrize("value", [None, 1, [], {"a": 1}, {"a": ["x"]}, {"a": ["x", 1]}, {"a": "xy"}])
def test_what_makes_no_sense_is_not_taken_up(tmp_path: Path, value: Json) -> None:
    Stored(tmp_path / "controls.json").write(value)
    assert ControlMemory(tmp_path).load() == {}


def test_what_the_disk_does_not_take_is_known_to_this_process(tmp_path: Path) -> None:
    (tmp_path / "controls.json").mkdir()
    memory = ControlMemory(tmp_path)
    memory.keep({"cam/enabled": Turned("OFF", "ON")})
    assert memory.load() == {"cam/enabled": Turned("OFF", "ON")}  # a reload must not open a camera
