"""What others write to us: what the schema refuses, the decoders refuse, and the other way round."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import numpy as np
import pytest

from edge.contracts import inbound, messages
from edge.contracts.errors import MessageError
from edge.contracts.inbound import Ack, Forget, LearnCommand, Lesson
from edge.contracts.types import Reading

GOOD_ACK = {"v": 1, "stream": "ab", "upto": 5}
GOOD_LESSON = {"v": 1, "camera": "yard", "track": 17, "label": "rex"}
GOOD_FORGET = {"v": 1, "forget": "rex"}
GOOD_READING = {"v": 1, "sensor": "tank", "utc_ns": 1, "values": [1, 2.5]}
DECODERS: dict[str, Callable[[bytes], object]] = {
    "ack": inbound.decode_ack,
    "reading": inbound.decode_reading,
    "teach": inbound.decode_teach,
    "learn_set": inbound.decode_learn,
}
GOOD_ORDER = {"v": 1, "do": "promote", "subject": "yard"}
GOOD_SWITCH = {"v": 1, "enabled": True}
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    1.5,
    2**63,
    "",
    "1",
    "x" * 65,
    [],
    [1],
    [True],
    ["1"],
    {},
    [[1]],
    [0] * 65,
)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"", "ack: is not JSON"),
        (b"null", "ack: must be a JSON object"),
        (b"[1]", "ack: must be a JSON object"),
        (b"\xff", "ack: is not JSON"),
        (b"[" * 4000, "ack: is not JSON"),
        (b" " * 5000, "ack: has 5000 bytes, more than 4096"),
        (b"{}", "ack: `stream` must be text of 1 to 64 letters"),
        (b'{"stream":"a"}', "ack: `upto` must be a whole number from 0"),
        (b'{"stream":"a","upto":1.0}', "ack: `upto` must be a whole number from 0"),
        (b'{"stream":"a","upto":1,"v":2}', "ack: version 2 is not known here, only 1; update the device"),
    ],
)
def test_refuses_acks(payload: bytes, told: str) -> None:
    with pytest.raises(MessageError) as refused:
        inbound.decode_ack(payload)
    assert str(refused.value) == told


def test_reads_what_the_other_side_encodes() -> None:
    assert inbound.decode_ack(messages.encode_ack("ab", 5)) == Ack("ab", 5)
    assert inbound.decode_ack(b'{"stream":"ab","upto":5}') == Ack("ab", 5)
    reading = Reading("tank", 1, (1.0, 2.5))
    assert inbound.decode_reading(messages.encode_reading(reading)) == reading
    assert (inbound.decode_switch(b"ON"), inbound.decode_switch(b"OFF")) == (True, False)


def test_reads_lessons() -> None:
    assert inbound.decode_teach(json.dumps(GOOD_LESSON).encode()) == Lesson("yard", 17, "rex")
    assert inbound.decode_teach(b'{"forget": " f\\u00fcchsin "}') == Forget("füchsin")


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"{}", "teach: `camera` must be printable text of 1 to 64 letters"),
        (b'{"camera":"a","label":"x"}', "teach: `track` must be a whole number from 0"),
        (b'{"camera":"a","track":1,"label":"a\\nb"}', "teach: `label` must be printable text of 1 to 64 letters"),
        (b'{"camera":"a","track":1,"label":"\\ud800"}', "teach: `label` must be printable text of 1 to 64 letters"),
        (b'{"camera":"a","track":1,"label":" "}', "teach: `label` must be printable text of 1 to 64 letters"),
        (b'{"forget":"a","label":"x"}', "teach: `forget` stands alone"),
    ],
)
def test_refuses_lessons(payload: bytes, told: str) -> None:
    with pytest.raises(MessageError) as refused:
        inbound.decode_teach(payload)
    assert str(refused.value) == told


@pytest.mark.parametrize("payload", [b"", b"on", b"ON ", b"1", b"\xff" * 5000])
def test_refuses_switches(payload: bytes) -> None:
    with pytest.raises(MessageError, match="must be ON or OFF"):
        inbound.decode_switch(payload)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("ack", GOOD_ACK),
        ("reading", GOOD_READING),
        ("teach", GOOD_LESSON),
        ("teach", GOOD_FORGET),
        *(("learn_set", one) for one in (GOOD_ORDER, GOOD_SWITCH)),
    ],
)
def test_decoders_agree_with_the_schema(name: str, good: dict[str, Any]) -> None:
    definitions = messages.wire_schema()["$defs"]
    schema = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})
    variants = [{**good, key: odd} for key in good for odd in ODD] + [
        {key: value for key, value in good.items() if key != left_out} for left_out in good
    ]
    for variant in variants:
        assert decodes(name, json.dumps(variant).encode()) == schema.is_valid(variant), variant


def decodes(name: str, payload: bytes) -> bool:
    try:
        DECODERS[name](payload)
    except MessageError:
        return False
    return True


def test_bytes_at_random_are_refused_and_nothing_else_happens() -> None:
    rng = np.random.default_rng(2)
    base = np.frombuffer(json.dumps(GOOD_ACK).encode(), np.uint8)
    for _ in range(2000):
        mutant = base.copy()
        mutant[rng.integers(len(base), size=3)] = rng.integers(256, size=3, dtype=np.uint8)
        decodes("ack", mutant.tobytes())
        decodes("reading", mutant.tobytes())
        decodes("teach", mutant.tobytes())


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (b"on", LearnCommand("enabled", True, "")),
        (b" OFF\n", LearnCommand("enabled", False, "")),
        (b"battery on", LearnCommand("battery", True, "")),
        (b"battery OFF", LearnCommand("battery", False, "")),
        (b"reset yard-2", LearnCommand("reset", False, "yard-2")),
        (b'{"v": 1, "enabled": true}', LearnCommand("enabled", True, "")),
        (b'{"do": "rollback", "subject": "yard"}', LearnCommand("rollback", False, "yard")),
    ],
)
def test_commands_to_the_learner(payload: bytes, command: LearnCommand) -> None:
    assert inbound.decode_learn(payload) == command


@pytest.mark.parametrize(
    "payload",
    [
        b"", b" ", b"on off", b"battery", b"battery 1", b"reset", b"destroy yard", b"reset ../yard", b"reset a b",
        b"\xff on", b"{", b"{}", b"[true]", b'{"enabled": 1}', b'{"enabled": true, "battery": true}',
        b'{"do": "reset"}', b'{"do": "reset", "subject": 7}', b'{"do": "reset", "subject": "a/b"}',
        b'{"do": "reset", "subject": "yard\\n"}', b'{"do": "fly", "subject": "yard"}', b'{"v": 2, "enabled": true}',
        b"reset " + b"y" * 65,
    ],
)  # fmt: skip
def test_refuses_commands_to_the_learner(payload: bytes) -> None:
    with pytest.raises(MessageError, match="learn/set"):
        inbound.decode_learn(payload)
