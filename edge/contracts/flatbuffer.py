"""A FlatBuffers reader that trusts nothing: every offset and length is checked against the bytes that are there.

The generated readers of the `flatbuffers` package follow any offset, raise whatever comes of it, and read backwards
from the end where an offset is negative. Model files come from strangers, so this one raises `MalformedError` instead.
The caller knows the schema; fields go by their number in it. Nothing here recurses.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MAX_ITEMS = 1 << 17  # of one vector that is walked item by item
MAX_TEXT_BYTES = 1 << 16

_SIZES = {code: struct.Struct("<" + code) for code in "bBHiIqQf"}


class MalformedError(ValueError):
    """The bytes are not what their format promises. The message says what; the caller says where."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a flatbuffer: `data[position]` is where it starts."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Self:
        """The root table of a buffer that carries the file identifier, 4 bytes."""
        if len(data) < 8 or data[4:8] != identifier:
            raise MalformedError(f"its file identifier is {data[4:8]!r} where {identifier!r} belongs")
        return cls(data, int(_scalar(data, 0, "I")))

    def integer(self, field: int, code: str, default: int = 0) -> int:
        """An integer field; `code` is its `struct` letter."""
        at = self._at(field)
        return int(_scalar(self.data, at, code)) if at else default

    def integers(self, field: int, code: str) -> tuple[int, ...]:
        """A vector of integers, empty where the field is absent."""
        return self._numbers(field, code)

    def floats(self, field: int) -> tuple[float, ...]:
        """A vector of float32, empty where the field is absent."""
        return self._numbers(field, "f")

    def text(self, field: int) -> str:
        """A string, empty where the field is absent. Bytes that are no UTF-8 are replaced, names being labels only."""
        start, length = self._vector(field, 1, MAX_TEXT_BYTES)
        return self.data[start : start + length].decode(errors="replace")

    def blob(self, field: int) -> bytes:
        """A vector of bytes, empty where the field is absent."""
        start, length = self._vector(field, 1, len(self.data))
        return self.data[start : start + length]

    def table(self, field: int) -> Self | None:
        """A table, None where the field is absent."""
        at = self._at(field)
        return type(self)(self.data, at + int(_scalar(self.data, at, "I"))) if at else None

    def tables(self, field: int) -> Iterator[Self]:
        """The tables of a vector."""
        start, length = self._vector(field, 4, MAX_ITEMS)
        for at in range(start, start + 4 * length, 4):
            yield type(self)(self.data, at + int(_scalar(self.data, at, "I")))

    def _numbers(self, field: int, code: str) -> tuple[int, ...]:
        start, length = self._vector(field, _SIZES[code].size, MAX_ITEMS)
        return struct.unpack_from(f"<{length}{code}", self.data, start)

    def _at(self, field: int) -> int:
        """Where a field's value stands, 0 where it is absent."""
        vtable = self.position - int(_scalar(self.data, self.position, "i"))
        slot = 4 + 2 * field
        if slot + 2 > int(_scalar(self.data, vtable, "H")):
            return 0
        offset = int(_scalar(self.data, vtable + slot, "H"))
        return self.position + offset if offset else 0

    def _vector(self, field: int, item_bytes: int, limit: int) -> tuple[int, int]:
        """First byte and number of items of a vector that lies wholly in the buffer."""
        at = self._at(field)
        if not at:
            return 0, 0
        head = at + int(_scalar(self.data, at, "I"))
        length = int(_scalar(self.data, head, "I"))
        if length > limit or head + 4 + length * item_bytes > len(self.data):
            raise MalformedError(f"a list of {length} items at byte {head} does not fit ({len(self.data)} bytes)")
        return head + 4, length


def _scalar(data: bytes, at: int, code: str) -> float:
    number = _SIZES[code]
    if not 0 <= at <= len(data) - number.size:
        raise MalformedError(f"an offset points to byte {at} of {len(data)}")
    return number.unpack_from(data, at)[0]
