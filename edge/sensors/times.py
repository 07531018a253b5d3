"""Times as sensors write them: seconds, milliseconds, microseconds or nanoseconds since 1970, or ISO 8601."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from edge.contracts.errors import MessageError

# A number of seconds beyond the year 5138 is none of seconds: every unit has its own range.
_UNITS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (math.inf, 1e-9))
_SUFFIXES: Mapping[str, float] = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
LATEST = 1e20  # nanoseconds: the year 5138
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{0,12})?([eE][+-]?\d{1,2})?")


def epoch_s(value: object, unit_s: float = 0.0) -> float:
    """Seconds since 1970. A time without a zone is taken as UTC.

    Args:
        value: a number, or text with one, or a date and time.
        unit_s: of a number; 0 = by its size.

    Raises:
        MessageError: it is no time.
    """
    if isinstance(value, date):
        return _of_date(value)
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return _of_date(_iso(text))
        value = float(text) if set(text) & set(".eE") else int(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST:
        raise MessageError(f"its time {value!r:.40} is neither a number nor ISO 8601")
    scale = unit_s or next(scale for limit, scale in _UNITS if abs(value) < limit)
    return value * scale


def unit_of_name(column: str) -> float:
    """The unit that a column's name says (`time_ms`, `utc_ns`), in seconds; 0 where it says none."""
    ending = re.split(r"[^a-z]+", column.lower().strip())
    found = [part for part in ending if part in _SUFFIXES]
    return _SUFFIXES[found[-1]] if found and len(ending) > 1 else 0.0


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageError(f"its time {text[:40]!r} is neither a number nor ISO 8601") from error


def _of_date(value: date) -> float:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
