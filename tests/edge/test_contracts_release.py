"""The custom fields of a release, as the workstation writes and the device reads them."""

import json
import re
from typing import Any

import jsonschema
import pytest

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.messages import wire_schema
from edge.contracts.release import FIELD, Kind, Purpose, encode_purpose, parse_purpose, parse_version
from edge.contracts.release_wire import MISSING, PART_BYTES, Ask, Part, encode_ask, encode_part, parse_ask, parse_part

MODEL = Purpose(Kind.MODEL, "detector", "1.4", "0.2.0", ("pi4", "pi5"), ("shops",))
PLAIN = Purpose(Kind.CONFIGURATION, "", "1", "", (), ())


@pytest.mark.parametrize("purpose", [PLAIN, MODEL, Purpose(Kind.SYSTEM, "", "2026.11", "1", ("pi4",), ())])
def test_what_is_written_is_read(purpose: Purpose) -> None:
    assert parse_purpose(json.loads(json.dumps(encode_purpose(purpose)))) == purpose


def test_keys_of_later_versions_are_ignored() -> None:
    told: dict[str, Any] = encode_purpose(MODEL)
    told[FIELD]["later"] = [1]
    assert parse_purpose({**told, "other": 1}) == MODEL


@pytest.mark.parametrize("custom", [None, {}, [], "", 7, {FIELD: None}, {FIELD: []}, {FIELD: {}}])
def test_without_fields(custom: object) -> None:
    with pytest.raises(MalformedError):
        parse_purpose(custom)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("format", True),
        ("format", "1"),
        ("kind", "program"),
        ("kind", "system"),  # with a task
        ("task", "mischief"),
        ("task", ""),  # of a model
        ("version", ""),
        ("version", "new"),
        ("version", "1" * 200),
        ("version", 1),
        ("version", "1.0\n"),
        ("minimum_daemon", "soon"),
        ("minimum_daemon", None),
        ("boards", "pi4"),
        ("boards", [4]),
        ("boards", ["pi/4"]),
        ("boards", [""]),
        ("boards", ["x"] * 1001),
        ("groups", ["a b"]),
        ("groups", ["x" * 200]),
        ("groups", {"a": 1}),
    ],
)
def test_fields_that_are_not_what_they_must_be(key: str, value: object) -> None:
    told: dict[str, Any] = encode_purpose(MODEL)
    told[FIELD][key] = value
    with pytest.raises(MalformedError):
        parse_purpose(told)


def test_what_a_device_would_refuse_is_not_written() -> None:
    with pytest.raises(MalformedError):
        encode_purpose(Purpose(Kind.MODEL, "", "1", "", (), ()))


def test_the_order_of_versions() -> None:
    told = ["0.9", "0.9.1", "0.10", "1", "1.0.0.1", "1.2-rc1", "1.10.0+local", "2026.11.21"]
    assert sorted(told, key=parse_version) == told
    assert parse_version("1") == parse_version("1.0.0") == (1, 0, 0, 0)


@pytest.mark.parametrize(("told", "version"), [("1.20261122093000", (1, 20261122093000, 0, 0)), ("9" * 18, None)])
def test_long_numbers_count_in_full(told: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(told) == (version or (int(told), 0, 0, 0))


@pytest.mark.parametrize("told", ["1.0.dev3", "1.2.3.4.post5", "1.2.3.4-5", "1.2rc1", "1+2.3"])
def test_what_stands_behind_the_numbers_does_not_count(told: str) -> None:
    assert parse_version(told) == parse_version(re.split(r"\.?[-+a-z]", told)[0])


@pytest.mark.parametrize(
    "told", ["", "9" * 19, f"1.{'9' * 19}", "1.2.3.4.5", "1.", "1..5", "1.\u0665", "\u0665", "1 2"]
)
def test_numbers_that_would_not_count_are_refused(told: str) -> None:
    with pytest.raises(MalformedError, match="is no version"):
        parse_version(told)


def test_asks_and_parts_come_over() -> None:
    ask = Ask(7, "metadata/timestamp.json", 1 << 40, PART_BYTES)
    assert parse_ask(encode_ask(ask)) == ask
    told = {"update_ask": encode_ask(ask), "update_part": encode_part(Part(7, MISSING, b"")).rstrip(b"\n")}
    for name, payload in told.items():
        jsonschema.validate(json.loads(payload), {**wire_schema(), "$ref": f"#/$defs/{name}"})
    for part in (
        Part(7, 0, b""),
        Part(0, MISSING, b""),
        Part(1, 1 << 40, b'{"v"\n' * 9),
        Part(9, 9, bytes(PART_BYTES)),
    ):
        assert parse_part(encode_part(part)) == part


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 1000,
        b"x" * 5000,
        encode_ask(Ask(1, "a", 0, 1)).replace(b'"v": 1', b'"v": 2'),
        encode_ask(Ask(-1, "a", 0, 1)),
        encode_ask(Ask(1, "", 0, 1)),
        encode_ask(Ask(1, "a" * 700, 0, 1)),
        encode_ask(Ask(1, "a", -1, 1)),
        encode_ask(Ask(1, "a", 0, 0)),
        encode_ask(Ask(1, "a", 0, PART_BYTES + 1)),
    ],
)
def test_asks_that_will_not_do(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_ask(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\n",
        b"{}\n",
        b"x" * 5000 + b"\n",
        encode_part(Part(-1, 0, b"")),
        encode_part(Part(1, -2, b"")),
        encode_part(Part(1, 1, b""))[:-1],
        encode_part(Part(1, 1, bytes(PART_BYTES + 1))),
    ],
)
def test_parts_that_will_not_do(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_part(payload)
