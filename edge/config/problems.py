"""What is wrong with a configuration: each problem with its place, all problems in one error."""

from collections.abc import Iterable
from dataclasses import dataclass

from edge.contracts.errors import ConfigError
from edge.contracts.redact import redact

Path = tuple[str | int, ...]  # keys and list indices from the top of the file


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file, both counted from 1; (0, 0) is the file as a whole."""

    line: int
    column: int


WHOLE_FILE = Mark(0, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change: where, what is wrong, what to do. Never holds a secret's value."""

    file: str
    line: int  # from 1; 0 = the file as a whole
    column: int
    key: str  # dotted path, "" for the file as a whole
    message: str
    hint: str  # "" where the message says it all

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part) + (
            f"; {self.hint}" if self.hint else ""
        )


class InvalidConfig(ConfigError):  # noqa: N818 - it is a ConfigError, and says so where it is caught
    """A configuration with problems; `str()` is one line per problem, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.line, each.column, each.key)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def problem(file: str, mark: Mark, path: Path, message: str, hint: str = "") -> Problem:
    """A problem whose texts are safe to print: redacted, and without bytes that no terminal can show."""
    return Problem(file, mark.line, mark.column, _safe(dotted(path)), _safe(message), _safe(hint))


def dotted(path: Path) -> str:
    """`cameras.door.zones.0`, as it is said to people."""
    return ".".join(str(part) for part in path)


def _safe(text: str) -> str:
    shown = redact(text).encode("utf-8", "backslashreplace").decode()
    shown = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in shown)
    return shown if len(shown) <= 400 else shown[:400] + "…"
