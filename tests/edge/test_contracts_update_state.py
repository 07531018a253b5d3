"""What is wanted and reported of updates survives the wire, and nonsense is refused in words."""

import json
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release_wire import LONGEST_PATH
from edge.contracts.update_state import (
    MOST_BLOCKED_TOLD,
    MOST_BYTES,
    MOST_TOLD,
    MOST_WISHES,
    BlockedFile,
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

T = TypeVar("T")
WISH = Wish("models/street.tflite", "1.4.0")
REPORTED = Reported(
    device="pi",
    utc_ns=7,
    board="pi4",
    daemon="0.3.0",
    rollout="spring",
    wishes=(Progress(WISH.name, WISH.version, Phase.FETCHING, 0.5, "", ""),),
    running=(Running("street.tflite", "", "1.3.0", "ab" * 32, 5),),
    blocked=(BlockedFile("cd" * 32, WISH.name, "1.3.9", "sick", "no frames for 30 s", 6),),
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


def test_what_is_blocked_is_told_of_the_latest_only() -> None:
    blocked = tuple(replace(REPORTED.blocked[0], utc_ns=n) for n in range(MOST_TOLD))
    told = parse_reported(encode_reported(replace(REPORTED, blocked=blocked)))
    assert told == replace(REPORTED, blocked=blocked[-MOST_BLOCKED_TOLD:])


def test_people_read_what_is_told() -> None:
    wish = replace(REPORTED.wishes[0], detail="Kühlung")
    assert "Kühlung".encode() in encode_reported(replace(REPORTED, wishes=(wish,)))


ANY = st.text(max_size=3)
LONG = st.builds(
    lambda character, n: character * n,
    st.sampled_from(["a", "\\", '"', "\u00e9", "\u4e2d", "\U0001f600", "\x01", "\udcff"]),
    st.sampled_from([0, 1, 400, 5000]),
)
TEXT = ANY | LONG
NAMES = st.builds(
    lambda character, n: character * n, st.sampled_from(["a", "\\", "\U0001f600"]), st.sampled_from([1, LONGEST_PATH])
)
VERSIONS = st.sampled_from(["1", "1-" + "\U0001f600" * 118])
SHA256 = st.just("ab" * 32)
TIME = st.just(1 << 63)


def _many(of: st.SearchStrategy[T], most: int) -> st.SearchStrategy[tuple[T, ...]]:
    return st.builds(lambda one, n: (one,) * n, of, st.sampled_from([0, 1, most]))


@settings(deadline=None, max_examples=60)
@given(
    st.builds(
        Reported,
        device=st.just("pi"),
        utc_ns=TIME,
        board=st.just("pi4"),
        daemon=st.just("0.3.0"),
        rollout=st.just("r" * 100),
        wishes=_many(
            st.builds(Progress, NAMES, VERSIONS, st.sampled_from(Phase), st.just(1 / 3), ANY, TEXT), MOST_WISHES
        ),
        running=_many(st.builds(Running, TEXT, TEXT, TEXT, SHA256, TIME), MOST_TOLD),
        blocked=_many(st.builds(BlockedFile, SHA256, NAMES, VERSIONS, ANY, TEXT, TIME), MOST_TOLD),
    )
)
def test_the_largest_states_can_be_read_where_they_are_told(reported: Reported) -> None:
    data = encode_reported(reported)
    assert len(data) <= MOST_BYTES
    told = parse_reported(data)
    assert len(told.wishes) == len(reported.wishes)
    assert [one.phase for one in told.wishes] == [one.phase for one in reported.wishes]
    assert told.running == reported.running[: len(told.running)]
    assert all(one.detail.startswith(each.detail) for one, each in zip(reported.wishes, told.wishes, strict=True))


def test_what_no_device_would_take_is_not_written() -> None:
    with pytest.raises(MalformedError):
        encode_desired(Desired("", (WISH, WISH)))
