"""What is wrong with a data set, told one by one: nothing is left out or mended without a line of these."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """What a problem asks of the person who sees it."""

    ERROR = "error"  # something was left out or is contradictory: mend it
    WARNING = "warning"  # it works as it is, and may not be what was meant


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `what` names the line, row or object where there is one."""

    path: Path
    what: str
    advice: str
    severity: Severity = Severity.ERROR


def warning(path: Path, what: str, advice: str) -> Problem:
    """A problem that need not be mended."""
    return Problem(path, what, advice, Severity.WARNING)
