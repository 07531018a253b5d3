"""Values out of untrusted JSON objects: each is what it must be, or a `MalformedError` names the key."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from edge.contracts.flatbuffer import MalformedError

Object = Mapping[str, object]
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


def text(entry: Object, key: str) -> str:
    """A string."""
    return _checked(entry, key, "a text", lambda value: value if isinstance(value, str) else None)


def count(entry: Object, key: str) -> int:
    """A whole number from 0 on."""
    return _checked(entry, key, "a count", lambda value: value if type(value) is int and value >= 0 else None)


def member(kind: type[_E], entry: Object, key: str) -> _E:
    """A member of an enumeration, by its value."""
    known = {each.value: each for each in kind}
    return _checked(entry, key, f"one of {', '.join(known)}", lambda value: known.get(str(value)))


def real(entry: Object, key: str) -> float:
    """A finite number."""
    return number(entry.get(key), key)


def reals(entry: Object, key: str) -> tuple[float, ...]:
    """A list of finite numbers."""
    return tuple(number(value, key) for value in _list(entry, key, "a list of numbers"))


def counts(entry: Object, key: str) -> tuple[int, ...]:
    """A list of whole numbers from 0 on."""
    return tuple(count({key: value}, key) for value in _list(entry, key, "a list of counts"))


def texts(entry: Object, key: str) -> tuple[str, ...]:
    """A list of strings."""
    return tuple(text({key: value}, key) for value in _list(entry, key, "a list of texts"))


def objects(entry: Object, key: str) -> tuple[Object, ...]:
    """A list of objects."""
    return tuple(below(value, key) for value in _list(entry, key, "a list of objects"))


def number(value: object, key: str) -> float:
    """The value itself as a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedError(f"it has {value!r:.60} for {key!r}, which must be a number")
    return float(value)


def below(value: object, key: str) -> Object:
    """The value itself as an object."""
    if not isinstance(value, dict):
        raise MalformedError(f"it has {value!r:.60} for {key}, which must be an object")
    return value


def _list(entry: Object, key: str, kind: str) -> list[object]:
    return _checked(entry, key, kind, lambda value: value if isinstance(value, list) else None)


def _checked(entry: Object, key: str, kind: str, check: Callable[[object], _T | None]) -> _T:
    value = check(entry.get(key))
    if value is None:
        raise MalformedError(f"it has {entry.get(key)!r:.60} for {key!r}, which must be {kind}")
    return value
