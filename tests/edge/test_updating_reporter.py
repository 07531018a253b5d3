"""What is said of updates keeps the schema and Home Assistant's rules, and is said once."""

import json
from dataclasses import replace

import jsonschema
import pytest

from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.contracts.update_state import (
    CONFIGURATION,
    BlockedFile,
    Desired,
    Phase,
    Progress,
    Reported,
    Running,
    Wish,
    encode_desired,
    encode_reported,
)
from edge.updating.relay import Relay
from edge.updating.reporter import Reporter, place_of, states
from tests.rigs import hass_rules
from tests.rigs.wire_check import check_all, validator

NOTHING = Reported("pi", 1, "", "0.1.0", "", (), (), ())
STREET = Running("street.tflite", "models/street.tflite", "1.2", "ab" * 32, 5)
SHIPPED = Running(CONFIGURATION, "", "", "", 0)
NAME = "models/street.tflite"


def wish(phase: Phase, version: str = "1.3", fraction: float = 0.0, detail: str = "") -> Progress:
    return Progress(NAME, version, phase, fraction, "", detail)


def reported(*wishes: Progress, running: tuple[Running, ...] = (STREET, SHIPPED)) -> Reported:
    return Reported(
        "pi", 9, "pi4", "0.1.0", "spring", wishes, running, (BlockedFile("cd" * 32, NAME, "1", "sick", "", 4),)
    )


def test_nothing_has_no_places() -> None:
    assert list(states(NOTHING)) == []


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ((), ("1.2", "1.2", False, None, "")),
        ((wish(Phase.GOOD, "1.2"),), ("1.2", "1.2", False, None, "good: good")),
        ((wish(Phase.FETCHING, fraction=0.426),), ("1.2", "1.3", True, 43, "fetching: fetching")),
        ((wish(Phase.TRYING),), ("1.2", "1.3", True, None, "trying: trying")),
        ((wish(Phase.RETURNED, detail="no frames"),), ("1.2", "1.3", False, None, "returned: no frames")),
        ((wish(Phase.REFUSED, detail="x" * 300),), ("1.2", "1.3", False, None, "refused: " + "x" * 300)),
    ],
)
def test_a_place_as_people_see_it(told: tuple[Progress, ...], wanted: tuple[object, ...]) -> None:
    configuration, street = states(reported(*told))
    assert (configuration.place, configuration.installed_version) == (CONFIGURATION, "shipped")
    found = (street.installed_version, street.latest_version, street.in_progress, street.update_percentage)
    assert (*found, street.release_summary) == wanted
    payload = json.loads(street.encoded())
    check_all("update_place", [payload])
    jsonschema.validate(payload, hass_rules.UPDATE_STATE)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a.tflite", "a.tflite"),
        ("x/y/a.tflite", "a.tflite"),
        ("x/door.YAML", "configuration"),
        ("door.yml", "configuration"),
        ("pi4/system.raucb", "system"),
    ],
)
def test_the_name_of_a_release_tells_its_place(name: str, place: str) -> None:
    assert place_of(name) == place


def test_what_is_wanted_and_reported_keeps_the_schema() -> None:
    check_all("update_desired", [json.loads(encode_desired(Desired("spring", (Wish(NAME, "1.3"),))))])
    check_all("update_reported", [json.loads(encode_reported(one)) for one in (NOTHING, reported(wish(Phase.TRYING)))])
    for name in ("update_desired", "update_reported"):
        assert not validator(name).is_valid({"v": 2, "rollout": "", "wishes": []})
        assert not validator(name).is_valid({"v": 1, "rollout": "", "wishes": [{"name": NAME}]})


def test_what_is_on_trial_is_not_installed_yet() -> None:
    trial = reported(wish(Phase.TRYING), running=(replace(STREET, version="1.3"),))
    told = [next(states(trial, before)).installed_version for before in ({}, {STREET.place: "1.2"})]
    assert told == ["shipped", "1.2"]


def test_what_an_earlier_run_left_of_places_that_are_no_more_is_deleted() -> None:
    bus, came = LocalBus(), list[Message]()
    bus.subscribe("foresight/pi/#", came.append)
    reporter, base = Reporter(bus, Topics("pi")), "foresight/pi/update"
    reporter.known([f"{base}/old_tflite/state", f"{base}/configuration/state", f"{base}/reported"])
    reporter.tell(reported())
    assert [one.topic for one in came if not one.payload] == [f"{base}/old_tflite/state"]
    reporter.tell(reported(running=(SHIPPED,)))
    assert [one.topic for one in came if not one.payload][1:] == [f"{base}/street_tflite/state"]


def test_only_news_are_told() -> None:
    bus, came = LocalBus(), list[Message]()
    bus.subscribe("foresight/pi/#", came.append)
    reporter = Reporter(bus, Topics("pi"))
    for told in (reported(), replace(reported(), utc_ns=10), reported(wish(Phase.CHECKING))):
        reporter.tell(told)
    base = "foresight/pi/update"
    configuration, street = f"{base}/configuration/state", f"{base}/street_tflite/state"
    assert [one.topic for one in came] == [f"{base}/reported", configuration, street, f"{base}/reported", street]
    assert reporter.places == (CONFIGURATION, "street.tflite")


def test_a_relay_takes_to_the_next_bus_what_it_is_to_keep_and_whom_it_tells() -> None:
    relay, heard = Relay(), list[bytes]()
    relay.publish("a", b"lost")
    relay.publish("b", b"kept", retain=True)
    assert not relay.connected
    first, second = LocalBus(), LocalBus()
    relay.subscribe("c", lambda message: heard.append(message.payload))
    kept = list[bytes]()
    for bus in (first, second):
        bus.subscribe("#", lambda message: kept.append(message.payload))
        relay.follow(bus)
        bus.publish("c", b"wish")
    assert (relay.connected, kept, heard) == (True, [b"kept", b"wish", b"kept", b"wish"], [b"wish", b"wish"])
