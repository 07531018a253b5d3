"""Stretches of bytes of a large file."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from errno import EINVAL, EIO, ENOSYS, EOPNOTSUPP, EXDEV
from pathlib import Path

PIECE = 1 << 20
ELSEWHERE = frozenset({EINVAL, ENOSYS, EOPNOTSUPP, EXDEV})  # the kernel copies not between these files


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
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    os.truncate(target, span.end - span.start)
    copy_into(source, span, target, 0)


def copy_into(source: Path, span: Bytes, target: Path, where: int) -> None:
    """Bytes of a file into another that is there, leaving alone what is a hole. Raises OSError."""
    with source.open("rb", buffering=0) as old, target.open("r+b", buffering=0) as new:
        for part in written(old.fileno(), span):
            at = part.start
            while at < part.end:
                at += _copied(old.fileno(), new.fileno(), Bytes(at, part.end), where + at - span.start)


def _copied(old: int, new: int, part: Bytes, where: int) -> int:
    """Copy the beginning of a part, within the kernel where it can; how much it was."""
    try:
        count = os.copy_file_range(old, new, part.end - part.start, part.start, where)
    except OSError as error:
        if error.errno not in ELSEWHERE:
            raise
        count = os.pwrite(new, os.pread(old, min(PIECE, part.end - part.start), part.start), where)
    if count <= 0:
        raise OSError(EIO, "the file has become shorter meanwhile")
    return count
