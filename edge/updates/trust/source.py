"""Where bytes of releases come from: a web server, or the broker. What comes is believed only once it is verified."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from edge.contracts.errors import EdgeError
from edge.updates.trust.refusal import Reason, RefusedError


class MissingError(EdgeError):
    """The source has no such file."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A file from a byte on, as it comes. `offset` may be 0 where another was asked for."""

    offset: int
    chunks: Iterator[bytes]


class Source(Protocol):
    """Gives files by their path below the folder of releases."""

    def open(self, path: str, offset: int, limit: int) -> AbstractContextManager[Stream]:
        """A file from byte `offset` on, of which at most `limit` bytes are of use. No wait in it is without an end.

        Raises:
            MissingError: there is none.
            RefusedError: it cannot be reached, or breaks off: here, and while chunks come.
        """


class Pace:
    """Gives up what comes too slowly: each byte buys a little time.

    Args:
        grace_s: granted before the first byte.
        slowest_bytes_s: what must come on average.
        stopped: asked at each step; True ends it.
        clock_s: a clock that never goes back.
    """

    def __init__(
        self,
        grace_s: float,
        slowest_bytes_s: float,
        stopped: Callable[[], bool] = lambda: False,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slowest_bytes_s, self._stopped, self._clock_s = slowest_bytes_s, stopped, clock_s
        self._until_s = clock_s() + grace_s

    def left_s(self) -> float:
        """How long the next byte may take; 0 when it is late."""
        return max(0.0, self._until_s - self._clock_s())

    def came(self, size: int, what: str) -> None:
        """So many bytes came of `what`. Raises RefusedError where that was too slow, or the daemon ends."""
        if self._stopped():
            raise RefusedError(Reason.STOPPED, f"{what}: it stops with the daemon, and goes on with it")
        self._until_s += size / self._slowest_bytes_s
        if self._clock_s() > self._until_s:
            raise RefusedError(
                Reason.TOO_SLOW,
                f"{what} comes at less than {self._slowest_bytes_s:g} bytes/s: given up; if the link is that slow, set "
                "slowest_bytes_s lower",
            )


def paced(stream: Stream, pace: Pace, what: str, most: int) -> Iterator[bytes]:
    """The chunks of a stream while they come fast enough, and not more than `most` bytes of them.

    Raises:
        RefusedError: they come too slowly, there are more, or the source breaks off.
    """
    size = 0
    for chunk in stream.chunks:
        size += len(chunk)
        if size > most:
            raise RefusedError(
                Reason.ENDLESS, f"{what} has more than the {most} bytes that it may have; the rest was not read"
            )
        pace.came(len(chunk), what)
        yield chunk
