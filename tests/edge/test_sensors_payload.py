"""What messages of sensors mean, and what is refused."""

import math
from collections.abc import Mapping

import pytest

from edge.contracts.errors import MessageError
from edge.sensors.payload import LIMIT_BYTES, Reader
from tests.rigs.readings import raw

ONE = {"value": ""}


def values(content: object, channels: Mapping[str, str] = ONE) -> tuple[float, ...]:
    return Reader(channels).read(raw(content)).values


@pytest.mark.parametrize(
    ("content", "channels", "expected"),
    [
        (b"0", ONE, (0.0,)),
        (b" 21.5\n", ONE, (21.5,)),
        (b"-1e3", ONE, (-1000.0,)),
        (b"+.5", ONE, (0.5,)),
        (b'"7"', ONE, (7.0,)),
        (b"[3]", ONE, (3.0,)),
        (b'{"t": 3}', ONE, (3.0,)),
        ({"t": "3.5"}, ONE, (3.5,)),
        (b"1, 2;3 4", {"a": "$[0]", "b": "[3]"}, (1.0, 4.0)),
        (b'{"data": {"accel": [1, 2, 3]}, "t": "5"}', {"x": "$.data.accel[2]", "t": "t"}, (3.0, 5.0)),
        (b'{"living room": {"t.c": 4}}', {"t": "$['living room'][\"t.c\"]"}, (4.0,)),
    ],
)
def test_values_are_found(content: object, channels: Mapping[str, str], expected: tuple[float, ...]) -> None:
    assert values(content, channels) == expected


@pytest.mark.parametrize(
    ("content", "channels", "said"),
    [
        (b"", ONE, "0 values"),
        (b"NaN", ONE, "nan is no finite number"),
        (b"-Infinity", ONE, "-inf is no finite number"),
        (b"inf", ONE, "inf is no finite number"),
        (b"hot", ONE, "'hot' is no number"),
        (b"21,5", ONE, "2 values"),
        (b"true", ONE, "True is no number"),
        (b"null", ONE, "None is no number"),
        (b"1e40", ONE, "beyond"),
        (b"1" * 300, ONE, "beyond"),
        (b"1" * 6000, ONE, "is no number"),
        (b"\xff\xfe", ONE, "is no text"),
        (b"[" * 60000, ONE, "nested"),
        (b" " * (LIMIT_BYTES + 1), ONE, "65537 bytes"),
        (b'{"a": 1, "b": 2}', ONE, "2 values"),
        (b'{"a": 1}', {"b": "$.b"}, "nothing at $.b"),
        (b"[1]", {"b": "$[1]"}, "nothing at $[1]"),
        (b"5", {"b": "$.b"}, "nothing at $.b"),
        (b'{"a": [1]}', {"a": "$.a"}, "a: [1] is no number"),
        (b'{"a": NaN}', {"a": "$.a"}, "a: nan is no finite number"),
    ],
)
def test_what_is_no_reading_is_refused(content: bytes, channels: Mapping[str, str], said: str) -> None:
    with pytest.raises(MessageError) as refused:
        values(content, channels)
    assert said in str(refused.value)


def test_a_time_is_read_and_is_no_value() -> None:
    reader = Reader(ONE, "$.time")
    assert reader.read(raw(b'{"time": 1700000000, "t": 3}')).stamp_s == 1_700_000_000
    assert math.isnan(Reader(ONE).read(raw(b"3")).stamp_s)


def test_what_a_broker_kept_counts_only_with_a_time() -> None:
    with pytest.raises(MessageError, match="kept by the broker"):
        Reader(ONE).read(raw(b"3", stale=True))
    assert Reader(ONE, "$.t").read(raw(b'{"t": 1, "v": 3}', stale=True)).values == (3.0,)


@pytest.mark.parametrize("path", ["$.", "a..b", "[", "[-1]", "$['a]", "a[x]", "a]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        Reader({"a": path})
