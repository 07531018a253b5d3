"""An image cut into the pieces that are written one by one.

A piece lies in one page-aligned buffer, as direct input and output demand. The very first block is a piece of its own:
it is written after all others, when they are proven.
"""

import hashlib
import mmap
import queue
from collections.abc import Iterator
from dataclasses import dataclass

from firmware_tools.bmap import Span
from firmware_tools.errors import MistakeError
from firmware_tools.flash.image import Source

PIECE_BYTES = 4 << 20
FIRST_BYTES = 4096  # what is written last
_ENDLESS = 1 << 62


@dataclass(frozen=True)
class Piece:
    """Some of an image; `buffer[:length]` is what goes to `offset`. Whoever has used it gives the buffer back."""

    offset: int
    length: int
    buffer: mmap.mmap
    part: float  # of the image file that is read by now, 0 to 1

    @property
    def view(self) -> memoryview:
        """What is to be written."""
        return memoryview(self.buffer)[: self.length]


class Buffers:
    """A few buffers that go round: they bound what is read ahead of what is written."""

    def __init__(self, count: int) -> None:
        self._free: queue.SimpleQueue[mmap.mmap | None] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(mmap.mmap(-1, PIECE_BYTES))

    def take(self, deadline_s: float) -> mmap.mmap:
        """Raises queue.Empty after the deadline, and at once where there is nothing to do any more."""
        buffer = self._free.get(timeout=deadline_s)
        if buffer is None:
            self.end()
            raise queue.Empty
        return buffer

    def end(self) -> None:
        """Whoever waits for a buffer, now or later, need not."""
        self._free.put(None)

    def give(self, buffer: mmap.mmap) -> None:
        """For the next piece."""
        self._free.put(buffer)


def cut(source: Source, block_bytes: int, buffers: Buffers, deadline_s: float) -> Iterator[Piece]:
    """All pieces that are to be written, in their order, the end of the image filled up to a whole block with zeros.

    Raises:
        MistakeError: the image is damaged, or is not what its block map says.
        queue.Empty: nobody gave a buffer back in time.
    """
    block_map = source.image.block_map
    spans = block_map.spans if block_map else (Span(0, _ENDLESS, ""),)
    spare = memoryview(bytearray(FIRST_BYTES * 16))
    here = 0
    for span in spans:
        here += source.skip(span.start - here, spare)
        digest = hashlib.sha256()
        for offset, wanted in _cuts(span):
            buffer = buffers.take(deadline_s)
            with memoryview(buffer) as whole, whole[:wanted] as view:
                got = source.fill(view) if here == offset else 0
                here += got
                if span.sha256:
                    digest.update(view[:got])
                if got == 0:
                    break
                length = -(-got // block_bytes) * block_bytes
                whole[got:length] = bytes(length - got)
            yield Piece(offset, length, buffer, source.part_read())
            if got < wanted:
                break
        _check_span(source, span, digest.hexdigest())
    if block_map:
        here += source.skip(_ENDLESS, spare)
        _check_length(source, here, block_map.image_bytes)


def _cuts(span: Span) -> Iterator[tuple[int, int]]:
    """Offset and length of each piece of a span; all but its first begin at a multiple of a piece."""
    offset = span.start
    while offset < span.end:
        until = FIRST_BYTES if offset == 0 else (offset // PIECE_BYTES + 1) * PIECE_BYTES
        until = min(until, span.end)
        yield offset, until - offset
        offset = until


def _check_span(source: Source, span: Span, digest: str) -> None:
    if span.sha256 and digest != span.sha256:
        raise MistakeError(
            f"{source.image.path}: the bytes from {span.start} to {span.end} are not those of its block map: the image "
            "is damaged, or the map is of another one; fetch both anew"
        )


def _check_length(source: Source, found: int, wanted: int) -> None:
    if found != wanted:
        raise MistakeError(
            f"{source.image.path} holds {found} bytes and its block map tells of {wanted}: fetch both anew"
        )
