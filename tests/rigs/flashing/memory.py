"""A card in memory, for what no real device does on demand: it notes the order of what is done to it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware_tools.bmap import parse
from firmware_tools.flash.image import Image, look_at
from tests.rigs.flashing.images import packed

Hook = Callable[[str, int, int], None]  # what, offset, length; may raise


@dataclass
class MemoryCard:
    """`most_bytes` is taken or given at a time; `before` is called before each thing that is done."""

    content: bytearray
    name: str = "mem0"
    block_bytes: int = 512
    most_bytes: int = 1 << 30
    before: Hook = lambda _what, _offset, _length: None
    done: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """As it tells."""
        return len(self.content)

    def write(self, offset: int, view: memoryview) -> int:
        """See Card."""
        count = min(len(view), self.most_bytes)
        self._note("write", offset, count)
        self.content[offset : offset + count] = view[:count]
        return count

    def read(self, offset: int, view: memoryview) -> int:
        """See Card."""
        count = min(len(view), self.most_bytes)
        self._note("read", offset, count)
        view[:count] = self.content[offset : offset + count]
        return count

    def settle(self) -> None:
        """See Card."""
        self._note("settle", 0, 0)

    def forget(self) -> None:
        """See Card."""
        self._note("forget", 0, 0)

    def _note(self, what: str, offset: int, count: int) -> None:
        self.before(what, offset, count)
        self.done.append((what, offset, count))


class Stuck:
    """A hook that never comes back, until it is let go."""

    def __init__(self, what: str, offset: int) -> None:
        self._at = (what, offset)
        self.let_go = threading.Event()

    def __call__(self, what: str, offset: int, _length: int) -> None:
        if (what, offset) == self._at:
            self.let_go.wait(60)


def image_of(folder: Path, raw: bytes, kind: str = "img", block_map: bytes = b"") -> Image:
    """An image that was looked at."""
    return look_at(packed(folder, raw, kind), parse(block_map) if block_map else None)
