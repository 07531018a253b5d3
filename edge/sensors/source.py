"""The seam of sensors' sources.

Raw sound does not come this way: it is no reading, and its windows are thousands of samples each. Whoever listens to a
microphone runs beside these, and hands over classes.
"""

from collections.abc import Callable
from typing import Protocol

from edge.sensors.arrival import Raw

Offer = Callable[[Raw], None]  # may be called on any thread; never waits


class Source(Protocol):
    """Hands readings over from `begin` to `close`."""

    @property
    def due_s(self) -> float:
        """By when its thread comes round again, unless it hangs (`time.monotonic()`); infinite without one."""

    @property
    def trouble(self) -> str:
        """Why nothing comes now, else empty."""

    @property
    def ended(self) -> bool:
        """Whether nothing will ever come again: a recording is over."""

    def begin(self, offer: Offer) -> None:
        """Start; does not wait."""

    def end(self) -> None:
        """Ask it to end; does not wait."""

    def close(self, within_s: float = ...) -> None:
        """End; waits so long at most."""


def ignore(raw: Raw) -> None:
    """Nobody wants it yet."""
