"""What comes in over MQTT. Anybody on the network may write it, so nothing is believed before it is checked.

`schema.json` describes the same payloads for people who write the other side; a test holds the two together.
"""

import json
import math
import re
from dataclasses import dataclass

from edge.contracts.errors import MessageError
from edge.contracts.messages import VERSION
from edge.contracts.topics import NAME_PATTERN
from edge.contracts.types import Reading

LIMIT_BYTES = 4096
LARGEST = 2**63 - 1
LONGEST_STREAM = 64  # letters
LONGEST_NAME = 64  # letters, of cameras, of groups and of what is taught
MOST_VALUES = 64  # of one reading
LONGEST_NUMBER = 24  # characters
PRESS = b"PRESS"  # what a button sends to a `set` topic
LEARN_ORDERS = ("reset", "promote", "rollback")  # that `learn/set` gives about one subject
_SWITCHES = {b"ON": True, b"OFF": False}


@dataclass(frozen=True, slots=True)
class LearnCommand:
    """What `learn/set` asks for: a switch to be `on` or off, or an order about a subject."""

    what: str  # "enabled", "battery", or of LEARN_ORDERS
    on: bool  # of a switch
    subject: str  # of an order


@dataclass(frozen=True, slots=True)
class Ack:
    """The host has stored all events of `stream` up to `upto`."""

    stream: str
    upto: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """Somebody says what a track really is."""

    camera: str
    track: int
    name: str


@dataclass(frozen=True, slots=True)
class Forget:
    """What was taught under a name shall be unlearnt."""

    name: str


def decode_ack(payload: bytes) -> Ack:
    """The host's acknowledgement.

    Raises:
        MessageError: says what is wrong with it.
    """
    told = _object(payload, "ack")
    stream = told.get("stream")
    if not isinstance(stream, str) or not 1 <= len(stream) <= LONGEST_STREAM:
        raise MessageError(f"ack: `stream` must be text of 1 to {LONGEST_STREAM} letters")
    return Ack(stream, _whole_number(told.get("upto"), "ack: `upto`"))


def decode_switch(payload: bytes) -> bool:
    """Whether a `set` topic asks for on.

    Raises:
        MessageError: neither `ON` nor `OFF`.
    """
    wanted = _SWITCHES.get(payload)
    if wanted is None:
        raise MessageError(f"set: must be ON or OFF, is {payload[:20]!r}")
    return wanted


def decode_fraction(payload: bytes) -> float:
    """The number that a `set` topic asks for, 0..1.

    Raises:
        MessageError: it is none.
    """
    text = payload[: LONGEST_NUMBER + 1]
    try:
        wanted = float(text.decode("ascii")) if len(text) <= LONGEST_NUMBER else math.nan
    except ValueError:  # bad ASCII too
        wanted = math.nan
    if not 0 <= wanted <= 1:
        raise MessageError(f"set: must be a number from 0 to 1, is {payload[:20]!r}")
    return wanted


def decode_teach(payload: bytes) -> Lesson | Forget:
    """What a person teaches, or takes back.

    Raises:
        MessageError: says what is wrong with it.
    """
    told = _object(payload, "teach")
    if "forget" in told:
        if {"camera", "track", "label"} & told.keys():
            raise MessageError("teach: `forget` stands alone")
        return Forget(_name(told["forget"], "teach: `forget`"))
    camera = _name(told.get("camera"), "teach: `camera`")
    return Lesson(
        camera, _whole_number(told.get("track"), "teach: `track`"), _name(told.get("label"), "teach: `label`")
    )


def decode_learn(payload: bytes) -> LearnCommand:
    """What is asked of the learner: `on`, `battery off`, `reset yard`, or the same as JSON (`learn_set` in the schema).

    Raises:
        MessageError: it is not understood.
    """
    told = _object(payload, "learn/set") if payload.lstrip()[:1] == b"{" else _learn_words(payload)
    match {key: value for key, value in told.items() if key != "v"}:
        case {"enabled": bool(on), **rest} if not rest:
            return LearnCommand("enabled", on, "")
        case {"battery": bool(on), **rest} if not rest:
            return LearnCommand("battery", on, "")
        case {"do": str(order), "subject": str(subject), **rest} if order in LEARN_ORDERS and not rest:
            if len(subject) <= LONGEST_NAME and re.match(NAME_PATTERN[:-1] + r"\Z", subject):
                return LearnCommand(order, False, subject)
    raise MessageError(
        f"learn/set: must be on, off, battery on, battery off, or one of {', '.join(LEARN_ORDERS)} with the name of a "
        f"camera or sensor, is {payload[:40]!r}"
    )


def _learn_words(payload: bytes) -> dict[str, object]:
    words = payload[: 2 * LONGEST_NAME].decode("ascii", "replace").split()
    match [words[0].lower(), *words[1:]] if words else []:
        case ["on" | "off" as switch]:
            return {"enabled": switch == "on"}
        case ["battery", switch] if switch.lower() in ("on", "off"):
            return {"battery": switch.lower() == "on"}
        case [what, subject]:
            return {"do": what, "subject": subject}
    return {}


def decode_reading(payload: bytes) -> Reading:
    """One sample of a sensor.

    Raises:
        MessageError: says what is wrong with it.
    """
    told = _object(payload, "reading")
    sensor, values = told.get("sensor"), told.get("values")
    if not isinstance(sensor, str) or not sensor:
        raise MessageError("reading: `sensor` must be its name")
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
        raise MessageError(f"reading: `values` must be a list of 1 to {MOST_VALUES} numbers")
    utc_ns = _whole_number(told.get("utc_ns"), "reading: `utc_ns`")
    return Reading(sensor, utc_ns, tuple(_number(value) for value in values))


def _object(payload: bytes, what: str) -> dict[str, object]:
    if len(payload) > LIMIT_BYTES:
        raise MessageError(f"{what}: has {len(payload)} bytes, more than {LIMIT_BYTES}")
    try:
        told = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # bad UTF-8 and bad JSON are both ValueErrors
        raise MessageError(f"{what}: is not JSON") from error
    if not isinstance(told, dict):
        raise MessageError(f"{what}: must be a JSON object")
    version = told.get("v", VERSION)
    if isinstance(version, bool) or version != VERSION:
        raise MessageError(f"{what}: version {str(version)[:20]} is not known here, only {VERSION}; update the device")
    return told


def _name(value: object, what: str) -> str:
    name = value.strip() if isinstance(value, str) and len(value) <= LONGEST_NAME else ""
    if not name or not name.isprintable():
        raise MessageError(f"{what} must be printable text of 1 to {LONGEST_NAME} letters")
    return name


def _whole_number(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise MessageError(f"{what} must be a whole number from 0")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or math.isnan(value):
        raise MessageError("reading: `values` must be finite numbers")
    return float(value)
