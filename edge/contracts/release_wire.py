"""How a device asks for parts of released files over MQTT, and what it is answered. Neither is trusted.

It asks on `update/ask` in JSON; the answer on `update/part` is one line of JSON and then the bytes. The same number
stands in both, so that a late answer is known. A part that is asked for again is answered again: nobody remembers.
"""

import json
from dataclasses import asdict, dataclass

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import count, text
from edge.contracts.payload import opened

FORMAT = 1
PART_BYTES = 1 << 16  # of a file, at most, in one answer
HEAD_BYTES = 1 << 10
LONGEST_PATH = 600
MISSING = -1  # as the size of a file


@dataclass(frozen=True, slots=True)
class Ask:
    """`length` bytes of the file `path`, a path below what is served, from byte `offset` on."""

    number: int
    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Part:
    """The answer: the bytes that there are, and the size of the whole file, `MISSING` where there is none."""

    number: int
    size: int
    data: bytes


def encode_ask(ask: Ask) -> bytes:
    """As it is sent."""
    return json.dumps({"v": FORMAT, **asdict(ask)}).encode()


def parse_ask(payload: bytes) -> Ask:
    """Raises MalformedError."""
    told = opened(payload, FORMAT, HEAD_BYTES)
    path, length = text(told, "path"), count(told, "length")
    if not 0 < len(path) <= LONGEST_PATH or not 0 < length <= PART_BYTES:
        raise MalformedError(f"it asks for {length} bytes of {path!r:.60}")
    return Ask(count(told, "number"), path, count(told, "offset"), length)


def encode_part(part: Part) -> bytes:
    """As it is sent."""
    return json.dumps({"v": FORMAT, "number": part.number, "size": part.size}).encode() + b"\n" + part.data


def parse_part(payload: bytes) -> Part:
    """Raises MalformedError."""
    head, line, data = payload[: HEAD_BYTES + PART_BYTES + 1].partition(b"\n")
    if not line or len(head) > HEAD_BYTES or len(data) > PART_BYTES:
        raise MalformedError("it is no part of a file")
    told = opened(head, FORMAT, HEAD_BYTES)
    missing = told.get("size") == MISSING
    return Part(count(told, "number"), MISSING if missing else count(told, "size"), data)
