"""The seam of sources of sound."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from edge.contracts.types import F32

PIECE_S = 0.1  # of sound that is handed over at once


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Samples that follow on those of the last piece."""

    samples: F32  # (any,) one channel, -1..1
    t_s: float  # of the end of the newest one, monotonic
    utc_ns: int  # the same by the wall clock


class Sounding(Protocol):
    """A source that is open between `with` and its end. Entering and reading raise `SourceError`."""

    @property
    def rate_hz(self) -> int:
        """Samples per second of its pieces."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def read(self, deadline_s: float) -> Piece | None:
        """The next piece, or None at the end of a recording.

        Raises:
            SourceError: it can give none (any more), or none came before the deadline (`time.monotonic()`).
        """
