"""What is wanted and reported of updates survives the wire, and nonsense is refused in words."""

import json

import pytest

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.update_state import (
    MOST_BYTES,
    MOST_WISHES,
    Barred,
    Desired,
    Phase,
    Progress,
    Reported,
    Running,
    Wish,
    encode_desired,
    encode_reported,
    parse_desired,
    parse_reported,
)

WISH = Wish("models/street.tflite", "1.4.0")
REPORTED = Reported(
    device="pi",
    utc_ns=7,
    board="pi4",
    daemon="0.3.0",
    rollout="spring",
    wishes=(Progress(WISH.name, WISH.version, Phase.FETCHING, 0.5, "", ""),),
    running=(Running("street.tflite", "", "1.3.0", "ab" * 32, 5),),
    barred=(Barred("cd" * 32, WISH.name, "1.3.9", "sick", "no frames for 30 s", 6),),
)


def _told(**changes: object) -> bytes:
    return json.dumps({**json.loads(encode_desired(Desired("spring", (WISH,)))), **changes}).encode()


def test_nothing_is_wanted_where_the_retained_message_was_deleted() -> None:
    assert parse_desired(b"") == Desired("", ())


def test_what_is_wanted_survives_the_wire() -> None:
    assert parse_desired(_told()) == Desired("spring", (WISH,))


def test_what_is_reported_survives_the_wire() -> None:
    assert parse_reported(encode_reported(REPORTED)) == REPORTED


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b" " * (MOST_BYTES + 1), "bytes"),
        (b"[]", "must be an object"),
        (_told(v=2), "version 2"),
        (_told(v=True), "version True"),
        (_told(rollout=3), "'rollout', which must be a text"),
        (_told(rollout="a/b"), "letters, digits"),
        (_told(wishes={}), "a list of objects"),
        (_told(wishes=["street"]), "must be an object"),
        (_told(wishes=[{"name": "", "version": "1"}]), "no name"),
        (_told(wishes=[{"name": "a\n", "version": "1"}]), "no name"),
        (_told(wishes=[{"name": "a", "version": "new"}]), "no version"),
        (_told(wishes=[{"name": "a", "version": "1"}] * 2), "two for one name"),
        (_told(wishes=[{"name": f"{n}", "version": "1"} for n in range(MOST_WISHES + 1)]), "more than"),
    ],
)
def test_nonsense_is_refused_in_words(payload: bytes, says: str) -> None:
    with pytest.raises(MalformedError, match=says):
        parse_desired(payload)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"wishes": [{**json.loads(encode_reported(REPORTED))["wishes"][0], "fraction": 1.5}]}, "0..1"),
        ({"wishes": [{**json.loads(encode_reported(REPORTED))["wishes"][0], "phase": "well"}]}, "one of waiting"),
        ({"running": [{}] * 257}, "more than 256"),
        ({"utc_ns": -1}, "a count"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(MalformedError, match=says):
        parse_reported(json.dumps({**json.loads(encode_reported(REPORTED)), **changes}).encode())


def test_what_no_device_would_take_is_not_written() -> None:
    with pytest.raises(MalformedError):
        encode_desired(Desired("", (WISH, WISH)))
