"""What is wrong with a subject now, by what it was that failed: a trouble is over when the same thing succeeds."""

import logging
from enum import StrEnum

_log = logging.getLogger(__name__)


class What(StrEnum):
    """What failed. The first of those that do is told."""

    FAULT = "fault"  # of the program
    OPENING = "opening"
    FORGETTING = "forgetting"
    COMPARING = "comparing"
    OFFERED = "offered"  # weights of others


class Troubles:
    """Of one subject.

    Args:
        name: of the subject, for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: dict[What, str] = {}

    @property
    def told(self) -> str:
        """The worst of them; "" where nothing is wrong."""
        return next((self._said[what] for what in What if what in self._said), "")

    def failed(self, what: What, why: str) -> None:
        """It did; logged where it is new."""
        if self._said.get(what) != why:
            _log.error("%s: %s", self._name, why)
        self._said[what] = why

    def succeeded(self, what: What) -> None:
        """It did."""
        self._said.pop(what, None)
