"""What time it is at least, on a board without a clock.

Such a board wakes with the time at which it went down, or with that of its image, until somebody tells it. Whoever
hides new releases from it (a freeze) is seen by the expiry of the old ones, so the time must not stand still or go back
with the clock. It is at least the latest of

- the clock, as it is;
- the time at which somebody signed the lists whose keys lie offline. Those of the keys that sign daily do not count:
  whoever steals these could put the time ahead for good;
- the last time that was seen, kept on disk, and what has passed since by the kernel's count, which nobody can set.

The clock alone is kept only while the kernel holds it to be synchronised. One that is ahead and not synchronised thus
refuses too much, but is forgotten. What was kept never goes back by itself: the time of a network can be lied about as
well as its releases. Where a clock was synchronised to a wrong time, ahead, a person deletes the file.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.contracts.stored import Json, Stored
from edge.updates.trust.kernel_clock import is_synchronised

NS = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_NS = 4102444800 * NS  # the year 2100: later ones were never signed in earnest
_log = logging.getLogger(__name__)


def passed_ns() -> int:
    """Since the start of the machine, sleep included: nobody can set it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The machine's clocks."""

    utc_ns: Callable[[], int] = time.time_ns
    passed_ns: Callable[[], int] = passed_ns
    synchronised: Callable[[], bool] = is_synchronised


class LastSeen:
    """The time that it is at least.

    Args:
        path: of the file in which it is kept.
        clocks: of the machine.
    """

    def __init__(self, path: Path, clocks: Clocks) -> None:
        self.path, self._stored, self._clocks = path, Stored(path), clocks
        self._signed_ns, self._kept_ns = _read(self._stored.read_regained())
        self._from_ns = clocks.passed_ns()

    def now(self) -> datetime:
        """The latest of all, in UTC."""
        return utc(max(self._lasting_ns(), self._clocks.utc_ns()))

    def told(self) -> str:
        """What the clock says, and what it is at least, for people."""
        sure = "synchronised" if self._clocks.synchronised() else "not synchronised"
        return (
            f"the clock ({sure}) says {utc(self._clocks.utc_ns()):%Y-%m-%d %H:%M} UTC, "
            f"and it is at least {utc(self._lasting_ns()):%Y-%m-%d %H:%M} UTC by what was seen ({self.path})"
        )

    def signed(self, at_ns: int) -> None:
        """Somebody whose key lies offline has signed at that time."""
        self._signed_ns = max(self._signed_ns, min(at_ns, _LATEST_NS))

    def keep(self) -> None:
        """Write what is known, so that a restart does not lose it. A disk that refuses is told of, and no more."""
        told_ns = min(self._clocks.utc_ns(), _LATEST_NS) if self._clocks.synchronised() else 0
        self._kept_ns, self._from_ns = max(told_ns, self._lasting_ns()), self._clocks.passed_ns()
        try:
            self._stored.write({"signed_ns": self._signed_ns, "seen_ns": self._kept_ns})
        except OSError as error:
            _log.warning("the time last seen cannot be kept: %s; make room, or correct the owner", error)

    def _lasting_ns(self) -> int:
        """Without the clock."""
        return max(self._signed_ns, self._kept_ns + self._clocks.passed_ns() - self._from_ns)


def utc(at_ns: int) -> datetime:
    """Nanoseconds since 1970 as a date, to the microsecond."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def _read(value: Json) -> tuple[int, int]:
    """When was signed last, and what was kept; 0 for what nobody knows."""
    told = value if isinstance(value, dict) else {}
    signed_ns, seen_ns = (_bounded(told.get(key)) for key in ("signed_ns", "seen_ns"))
    return signed_ns, seen_ns


def _bounded(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _LATEST_NS else 0
