"""What a check finds."""

from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How bad it is; the command exits with the worst."""

    OK = 0
    WARNING = 1
    PROBLEM = 2


class Finding(NamedTuple):
    """One line for people."""

    subject: str  # "camera door", "clock", ...
    level: Level
    what: str
    todo: str  # "" where nothing is to be done


def ok(subject: str, what: str) -> Finding:
    """All is well."""
    return Finding(subject, Level.OK, what, "")


def warning(subject: str, what: str, todo: str) -> Finding:
    """It works, but not as it could."""
    return Finding(subject, Level.WARNING, what, todo)


def trouble(subject: str, what: str, todo: str) -> Finding:
    """It does not work."""
    return Finding(subject, Level.PROBLEM, what, todo)
