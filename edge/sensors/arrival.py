"""What a source hands over, before and after its payload is understood."""

from collections.abc import Mapping
from dataclasses import dataclass

Content = bytes | Mapping[str, object]  # a payload or a line as it came, or the cells of a row by column


@dataclass(frozen=True, eq=False, slots=True)
class Raw:
    """Something that a sensor said, not yet looked into."""

    content: Content
    arrived_s: float  # monotonic
    arrived_ns: int  # wall clock of this device
    stale: bool  # kept by the broker from nobody knows when


@dataclass(frozen=True, slots=True)
class Arrival:
    """One sample as it came in."""

    values: tuple[float, ...]  # (C,)
    stamp_s: float  # seconds since 1970 by the sensor's own clock, NaN where it tells no time
    arrived_s: float  # monotonic
    arrived_ns: int  # wall clock of this device


@dataclass(frozen=True, slots=True)
class Timed:
    """One sample on a clock that never steps: that of `time.monotonic()` where readings arrive as they are made."""

    t_s: float
    values: tuple[float, ...]
