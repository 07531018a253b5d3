"""The inventory is untrusted: a damaged, foreign or newer one is refused in words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.identity.inventory import FILE, member, parsed, read_inventory
from tests.rigs.fleet import add_host, begun

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    fleet = tmp_path_factory.mktemp("inventory") / "fleet"
    begun(fleet)
    add_host(fleet, "collector")
    return (fleet / FILE).read_bytes()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"[]", "f: "),
        (b"{}", "v: Field required"),
        (b'{"v": 2}', "newer Foresight"),
        (b'{"v": "1"}', "v: "),
    ],
)
def test_what_is_no_inventory_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(MistakeError) as refused:
        parsed(data, "f")
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda value: value.update(more=1), "more: "),
        (lambda value: value.pop("revision"), "revision: "),
        (lambda value: value.update(revision=0), "revision: "),
        (lambda value: value.update(authorities=[]), "authorities: "),
        (lambda value: value["authorities"].append(value["authorities"][0]), "the authority 1 is there twice"),
        (lambda value: value["hosts"].append(value["hosts"][0]), "the name collector is there twice"),
        (lambda value: value["hosts"][0].update(name="../../etc"), "hosts.0.name: "),
        (lambda value: value["hosts"][0].update(name="broker"), "taken for topics"),
        (lambda value: value["hosts"][0].update(name="a\ntopic readwrite #"), "hosts.0.name: "),
        (lambda value: value["hosts"][0]["issued"].append(value["hosts"][0]["issued"][0]), "is there twice"),
        (lambda value: value["hosts"][0]["issued"][0].update(authority=7), "of authority 7, which is not there"),
        (lambda value: value["hosts"][0]["issued"][0].update(until="2030-01-01T00:00:00"), "timezone"),
        (lambda value: value["broker"].update(port=0), "broker.port: "),
        (lambda value: value["broker"].update(names=["a b"]), "broker.names.0: "),
    ],
)
def test_what_contradicts_itself_is_refused(whole: bytes, change: Change, why: str) -> None:
    assert parsed(whole, "f").model_dump_json(indent=1).encode() + b"\n" == whole
    value = json.loads(whole)
    change(value)
    with pytest.raises(MistakeError) as refused:
        parsed(json.dumps(value).encode(), "f")
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("topic", "good"),
    [
        ("zigbee2mqtt/tank", True),
        ("", False),
        ("#", False),
        ("zigbee2mqtt/+", False),
        ("foresight/barn/events", False),
        ("homeassistant/status", False),
        ("/foresight/barn", False),
        ("$SYS/broker", False),
        ("a\ntopic readwrite foresight", False),
        (" a", False),
    ],
)
def test_topics_that_a_device_may_read(whole: bytes, topic: str, good: bool) -> None:
    value = json.loads(whole)
    value["devices"] = [{"name": "shed", "board": "pi4", "group": "all", "issued": [], "folder": 1, "reads": [topic]}]
    if good:
        assert parsed(json.dumps(value).encode(), "f").devices[0].reads == (topic,)
    else:
        with pytest.raises(MistakeError, match="may read"):
            parsed(json.dumps(value).encode(), "f")


def test_a_folder_that_is_no_fleet_or_open_to_others(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(MistakeError, match="is no fleet"):
        read_inventory(tmp_path)
    (tmp_path / FILE).mkdir(0o700)
    with pytest.raises(MistakeError, match="no file"):
        read_inventory(tmp_path)
    (tmp_path / FILE).rmdir()
    (tmp_path / FILE).write_bytes(whole)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(MistakeError, match="open to others"):
        read_inventory(tmp_path)
    (tmp_path / FILE).chmod(0o600)
    assert read_inventory(tmp_path).hosts[0].name == "collector"


def test_an_unknown_name_is_told_with_the_nearest(whole: bytes) -> None:
    assert member(parsed(whole, "f"), "collector").name == "collector"
    with pytest.raises(MistakeError, match="did you mean collector"):
        member(parsed(whole, "f"), "colector")
