"""What Home Assistant is told: by its own published rules, at the right time, and taken back."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest

from edge.bus import LocalBus
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.inbound import decode_learn
from edge.contracts.messages import encode_stats
from edge.contracts.topics import Topics
from edge.discovery import describe
from edge.homeassistant.announcer import JITTER_S, Announcer
from edge.homeassistant.components import Components
from edge.homeassistant.described import Description
from edge.homeassistant.settings import HomeAssistantSettings
from tests.rigs import hass_rules
from tests.rigs.healthy import camera_health, health
from tests.rigs.host import wait_until

TOPICS = Topics("shed-1")
BASE = "foresight/shed-1"
KNOWN = ("person", "car", "dog", "bird", "traffic light", *(f"label{n}" for n in range(80)))
GATE = [[0.3, 0.1], [0.7, 0.1], [0.7, 1], [0.3, 1]]
Payloads = dict[str, Any]


def settings(**changes: object) -> Settings:
    yard = {"source": "rtsp://camera/1", "zones": [{"name": "gate", "points": GATE, "labels": ["person", "car"]}]}
    lane = {"source": "rtsp://camera/2", "lines": [{"name": "kerb", "points": [[0, 0.5], [1, 0.5]]}]}
    given = {"snapshots": {"enabled": True}, "cameras": {"yard": yard, "lane_2": lane}}
    return Settings.model_validate({**given, **changes})


class House:
    """A broker with Home Assistant's ears: what is kept under each discovery topic, and everything that came."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.bus, self.kept, self.came = LocalBus(), Payloads(), list[Message]()
        self.bus.subscribe("homeassistant/#", self._heard)
        self.announcer = Announcer(self.bus, TOPICS, HomeAssistantSettings.model_validate(changes), folder)

    def _heard(self, message: Message) -> None:
        self.came.append(message)
        self.kept[message.topic] = json.loads(message.payload) if message.payload else None

    def announce(self, given: Settings, *seen: str) -> Payloads:
        described = describe(given, TOPICS, [f"{BASE}/{topic}" for topic in seen], KNOWN)
        self.announcer.announce(replace(described, updated=("configuration", "street.tflite")))
        return self.kept


def entities(payloads: Payloads) -> dict[str, Any]:
    return {key: one for payload in payloads.values() if payload for key, one in payload["components"].items()}


def test_nothing_configured_is_just_the_device(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.announcer.announce(Description("1.0", (), ()))
    assert list(house.kept) == ["homeassistant/device/shed-1/foresight_shed-1/config"]


def test_every_payload_keeps_the_published_rules(tmp_path: Path) -> None:
    payloads = House(tmp_path).announce(settings(), "zone/lane_2/traffic_light", "expected/kerb/dog", "groups/3/state")
    assert len(payloads) == 3
    rules = jsonschema.Draft202012Validator(hass_rules.payload())
    for payload in payloads.values():
        rules.validate(payload)
    every = entities(payloads)
    assert {one["platform"] for one in every.values()} == set(hass_rules.OWN)
    for key, one in every.items():
        assert key == one["unique_id"]
        allowed = hass_rules.UNITS.get(one.get("device_class", ""))
        assert allowed is None or one["unit_of_measurement"] in allowed
    names = [
        (payload["device"]["name"], one["name"])
        for payload in payloads.values()
        for one in payload["components"].values()
    ]
    kinds = [one["platform"] for one in every.values()]
    assert len({(*name, kind) for name, kind in zip(names, kinds, strict=True)}) == len(names)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        (lambda one: one.pop("state_topic"), "_status"),
        (lambda one: one.update(object_id="x"), "_status"),
        (lambda one: one.update(device_class="nonsense"), "_status"),
        (lambda one: one.pop("unique_id"), "_status"),
        (lambda one: one.update(state_topic="a/+/b"), "_status"),
    ],
)
def test_the_rules_see_planted_mistakes(tmp_path: Path, change: Any, at: str) -> None:
    payload = House(tmp_path).announce(settings())["homeassistant/device/shed-1/foresight_shed-1_yard/config"]
    change(payload["components"][f"foresight_shed-1_yard{at}"])
    assert not jsonschema.Draft202012Validator(hass_rules.payload()).is_valid(payload)


def test_zones_have_their_labels_and_lines_are_only_expected_at(tmp_path: Path) -> None:
    every = entities(House(tmp_path).announce(settings(), "zone/lane_2/dog", "zone/gate/bird"))
    shown = {key.removeprefix("foresight_shed-1_") for key in every}
    for label in ("all", "person", "car"):
        assert {f"yard_gate_{label}_{what}" for what in ("presence", "count", "expected")} <= shown
    assert "lane_2_dog_presence" in shown  # seen, and no list says otherwise
    assert not [key for key in shown if "bird" in key]  # the zone has a list
    assert {key for key in shown if "kerb" in key and "score" not in key} == {"lane_2_kerb_all_expected"}
    assert {f"{place}_score_{what}" for place in ("yard_gate", "lane_2_kerb") for what in ("skill", "recall")} <= shown
    assert not [key for key in shown if "near_miss" in key]


def test_groups_can_be_named(tmp_path: Path) -> None:
    every = entities(House(tmp_path).announce(settings(), "groups/3/state", "groups/12/state", "groups/x/state"))
    names = {key: one["command_topic"] for key, one in every.items() if one["platform"] == "text"}
    assert names == {
        "foresight_shed-1_group_3": "foresight/shed-1/groups/3/set",
        "foresight_shed-1_group_12": "foresight/shed-1/groups/12/set",
    }


def test_near_misses_have_entities_where_they_are_looked_for(tmp_path: Path) -> None:
    events = {"expected": {"near_miss": {"enabled": True}}}
    made = settings(cameras={"yard": {"source": "rtsp://camera/1", "events": events}})
    every = entities(House(tmp_path).announce(made))
    assert every["foresight_shed-1_yard_near_miss"]["state_topic"] == "foresight/shed-1/expected/yard/near_miss"
    assert every["foresight_shed-1_yard_score_skill"]["state_topic"] == "foresight/shed-1/score/yard"


def test_labels_that_no_model_has_any_more_are_dropped(tmp_path: Path) -> None:
    every = entities(House(tmp_path).announce(settings(), "zone/lane_2/moving"))
    assert not [key for key in every if "moving" in key]


def test_entities_do_not_grow_without_bounds(tmp_path: Path) -> None:
    seen = [f"zone/lane_2/label{n}" for n in range(80)]
    every = entities(House(tmp_path).announce(settings(), *seen))
    assert len([key for key in every if "lane_2" in key and "kerb" not in key and key.endswith("_count")]) == 9


@pytest.mark.parametrize("enabled", [True, False])
def test_snapshots_have_an_entity_where_they_are_sent(tmp_path: Path, enabled: bool) -> None:
    every = entities(House(tmp_path).announce(settings(snapshots={"enabled": enabled})))
    assert bool([one for one in every.values() if one["platform"] == "image"]) is enabled


def test_what_is_dropped_is_removed_also_after_a_restart(tmp_path: Path) -> None:
    House(tmp_path).announce(settings())
    house = House(tmp_path)
    house.announce(settings(cameras={"yard": {"source": "rtsp://camera/1"}}))
    assert house.kept["homeassistant/device/shed-1/foresight_shed-1_lane_2/config"] is None
    topic = "homeassistant/device/shed-1/foresight_shed-1_yard/config"
    first, last = (json.loads(message.payload)["components"] for message in house.came if message.topic == topic)
    assert first["foresight_shed-1_yard_gate_all_count"] == {"platform": "sensor"}
    assert "foresight_shed-1_yard_gate_all_count" not in last
    assert "foresight_shed-1_yard_status" in last


def test_switched_off_everything_is_removed(tmp_path: Path) -> None:
    House(tmp_path).announce(settings())
    house = House(tmp_path, enabled=False)
    assert set(house.announce(settings()).values()) == {None}
    assert len(house.kept) == 3


def born(house: House, payload: bytes = b"online") -> None:
    house.announcer.heard(Message("homeassistant/status", payload, retained=False))


def test_a_birth_is_answered_with_all_there_is(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.announce(settings())
    before = len(house.came)
    born(house)
    assert wait_until(lambda: len(house.came) == before + 3)


class Later:
    """A timer whose time a test chooses."""

    def __init__(self, wait_s: float, call: Callable[[], None]) -> None:
        self.wait_s, self.call, self.over = wait_s, call, False

    def start(self) -> None:
        """It runs."""

    def is_alive(self) -> bool:
        return not self.over


def test_births_are_answered_once_however_often_they_are_said_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Later] = []

    def timer(wait_s: float, call: Callable[[], None]) -> Later:
        begun.append(Later(wait_s, call))
        return begun[-1]

    monkeypatch.setattr("edge.homeassistant.announcer.threading.Timer", timer)
    house = House(tmp_path)
    house.announce(settings())
    before = len(house.came)
    born(house, b"offline")
    assert begun == []
    for _ in range(100):
        born(house)
    (later,) = begun
    assert 0 <= later.wait_s <= JITTER_S
    later.call()
    later.over = True
    assert len(house.came) == before + 3
    born(house)
    assert len(begun) == 2


# templates, rendered as Home Assistant does


def rendered(template: str, payload: bytes) -> str:
    try:
        decoded = json.loads(payload)
    except ValueError:
        decoded = None
    environment = jinja2.Environment(undefined=jinja2.ChainableUndefined, autoescape=False)
    environment.filters["int"] = lambda value, default=0: int(value) if str(value).strip().isdigit() else default
    return environment.from_string(template).render(value=payload.decode(), value_json=decoded)


def stats(*cameras: str) -> bytes:
    return encode_stats(health(*(camera_health(name) for name in cameras)), "shed-1", 1)


@pytest.mark.parametrize(
    ("key", "payload", "shown"),
    [
        ("all_presence", b"0", "OFF"),
        ("all_presence", b"2", "ON"),
        ("all_presence", b"", "OFF"),  # deleted
        ("fps", stats("lane", "yard"), "4.988"),
        ("fps", stats("lane"), "None"),
        ("detect_ms", stats("yard"), "None"),  # no frame in this minute
        ("dropped", stats("yard"), "1"),
    ],
)
def test_templates_show_what_is_published(key: str, payload: bytes, shown: str) -> None:
    (camera,) = describe(settings(cameras={"yard": {"source": "rtsp://c/1"}}), TOPICS, [], KNOWN).cameras
    made = Components(TOPICS).of_camera(camera)[f"foresight_shed-1_yard_{key}"]
    assert rendered(str(made["value_template"]), payload) == shown


@pytest.mark.parametrize(("key", "shown"), [("cpu", "33.3"), ("outbox", "2"), ("delegate", "xnnpack")])
def test_templates_of_the_device_show_what_is_published(key: str, shown: str) -> None:
    made = Components(TOPICS).of_device(())[f"foresight_shed-1_{key}"]
    assert rendered(str(made["value_template"]), stats()) == shown


@pytest.mark.parametrize(
    ("payload", "shown"), [(b"online", "online"), (b"stopped", "offline"), (b"offline", "offline")]
)
def test_a_stopped_daemon_is_not_available(payload: bytes, shown: str) -> None:
    (camera,) = describe(settings(cameras={"yard": {"source": "rtsp://c/1"}}), TOPICS, [], KNOWN).cameras
    availability = Components(TOPICS).of_camera(camera)["foresight_shed-1_yard_all_presence"]
    listed = availability["availability"]
    assert isinstance(listed, list)
    assert isinstance(listed[0], dict)
    assert rendered(listed[0]["value_template"], payload) == shown


def test_who_learns_has_entities_and_the_others_have_none(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.announcer.announce(describe(settings(), TOPICS, [], KNOWN, learners=("yard",)))
    rules = jsonschema.Draft202012Validator(hass_rules.payload())
    for payload in house.kept.values():
        rules.validate(payload)
    every = {key.removeprefix("foresight_shed-1_"): one for key, one in entities(house.kept).items()}
    learning = {key for key in every if "learning" in key}
    assert {"learning", "learning_doing", "yard_learning_serving", "yard_learning_samples"} <= learning
    assert not [key for key in learning if key.startswith("lane")]
    assert (every["learning"]["command_topic"], every["learning"]["payload_off"]) == (f"{BASE}/learn/set", "off")
    assert decode_learn(every["yard_learning_rollback"]["payload_press"].encode()).subject == "yard"
    assert not decode_learn(every["learning"]["payload_off"].encode()).on
    house.announcer.announce(describe(settings(), TOPICS, [], KNOWN))
    assert not [key for key in entities(house.kept) if "learning" in key]


def test_a_scorer_that_learns_has_entities_beside_those_of_its_sensor(tmp_path: Path) -> None:
    house, sensed = House(tmp_path), settings(sensors={"tank": {"source": "t"}})
    house.announcer.announce(describe(sensed, TOPICS, [], KNOWN, learners=("tank", "tank-scorer")))
    rules = jsonschema.Draft202012Validator(hass_rules.payload())
    for payload in house.kept.values():
        rules.validate(payload)
    every = {key.removeprefix("foresight_shed-1_"): one for key, one in entities(house.kept).items()}
    names = [every[f"{name}_learning_serving"]["name"] for name in ("tank", "tank-scorer")]
    assert names == ["Learnt weights", "Scorer: Learnt weights"]
    assert decode_learn(every["tank-scorer_learning_reset"]["payload_press"].encode()).subject == "tank-scorer"
