"""Stretches of bytes of a large file."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE = 1 << 20


@dataclass(frozen=True, order=True)
class Bytes:
    """Bytes [start, end)."""

    start: int
    end: int


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as [first, last + 1) of what follows each other: 1, 2, 5 -> (1, 3), (5, 6)."""
    first = last = -2
    for number in numbers:
        if number != last + 1:
            if last >= 0:
                yield first, last + 1
            first = number
        last = number
    if last >= 0:
        yield first, last + 1


def written(descriptor: int, span: Bytes) -> Iterator[Bytes]:
    """The parts of a file that are no holes."""
    at = span.start
    while at < span.end:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError:  # nothing but holes up to the end
            return
        if start >= span.end:
            return
        at = min(os.lseek(descriptor, start, os.SEEK_HOLE), span.end)
        yield Bytes(start, at)


def copy_span(source: Path, span: Bytes, target: Path) -> None:
    """Bytes of a file as a new private file of their own, holes as holes. Raises OSError."""
    with source.open("rb") as old:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            new.truncate(span.end - span.start)
            for part in written(old.fileno(), span):
                old.seek(part.start)
                new.seek(part.start - span.start)
                left = part.end - part.start
                while left and (piece := old.read(min(PIECE, left))):
                    new.write(piece)
                    left -= len(piece)
