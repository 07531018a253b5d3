"""From what a sensor sends to numbers. Anybody may send anything: nothing is believed before it is checked."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from edge.contracts.errors import MessageError
from edge.sensors.arrival import Arrival, Content, Raw
from edge.sensors.paths import Step, look, parse_path
from edge.sensors.times import epoch_s

LIMIT_BYTES = 65536
LARGEST = 1e30  # float32 must hold it, and its square float64
_SEPARATORS = re.compile(r"[,;\s]+")
_NUMBER = re.compile(r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,3})?")
_NO_NUMBER = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})


class Reader:
    """Takes the values of a sensor out of its messages.

    Args:
        channels: the path of each value by its channel's name; "" is the only number that there is.
        time: the path of the time; "" where a message counts from its arrival.
        time_unit_s: of a time that is a number; 0 = by its size.
    """

    def __init__(self, channels: Mapping[str, str], time: str = "", time_unit_s: float = 0.0) -> None:
        self._channels = [(name, at, parse_path(at)) for name, at in channels.items()]
        self._time, self._time_path = time, parse_path(time) if time else ()
        self._time_unit_s = time_unit_s

    def read(self, raw: Raw) -> Arrival:
        """One sample.

        Raises:
            MessageError: says what is wrong with it.
        """
        if raw.stale and not self._time:
            raise MessageError("it was kept by the broker, and nobody knows since when; `time` would tell")
        content = decode(raw.content)
        values = tuple(self._value(content, name, at, path) for name, at, path in self._channels)
        stamp_s = math.nan
        if self._time:
            stamp_s = epoch_s(look(content, self._time_path, self._time), self._time_unit_s)
        return Arrival(values, stamp_s, raw.arrived_s, raw.arrived_ns)

    def _value(self, content: object, name: str, at: str, path: tuple[Step, ...]) -> float:
        found = look(content, path, at) if path else _only(content, self._time_path[:1])
        try:
            return number(found)
        except MessageError as error:
            raise MessageError(f"{name}: {error}") from error


def decode(content: Content) -> object:
    """JSON, a plain number, or several numbers with commas, semicolons or blanks between them.

    Raises:
        MessageError: it is nothing of that.
    """
    if not isinstance(content, bytes):
        return content
    if len(content) > LIMIT_BYTES:
        raise MessageError(f"it has {len(content)} bytes, more than {LIMIT_BYTES}")
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise MessageError(f"{content[:24]!r} is no text") from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise MessageError("it is nested too deeply") from error
    except ValueError:
        parts = [part for part in _SEPARATORS.split(text) if part]
        return parts[0] if len(parts) == 1 else parts


def number(value: object) -> float:
    """A finite number, or the number that a text is.

    Raises:
        MessageError: it is none.
    """
    if isinstance(value, Decimal) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, str) and value.strip().lower() in _NO_NUMBER:
            raise MessageError(f"{value.strip()} is no finite number")
        raise MessageError(f"{value!r:.40} is no number")
    if value != value or abs(value) == math.inf:  # noqa: PLR0124 - NaN; `isfinite` knows no large whole numbers
        raise MessageError(f"{value} is no finite number")
    if abs(value) > LARGEST:
        raise MessageError(f"it is beyond {LARGEST:g}")
    return float(value)


def _only(content: object, time: tuple[Step, ...]) -> object:
    """The only value of a message beside its time; a message that is a value is its own."""
    held: Sequence[object] = [content]
    if isinstance(content, Mapping):
        held = [value for key, value in content.items() if key not in time]
    elif isinstance(content, list):
        held = content
    if len(held) != 1:
        raise MessageError(f"it holds {len(held)} values; name those that are meant under `channels`")
    return held[0]
