"""Class, group and part of a file from its name: `{label}_{group}_{number}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.errors import TrainError

FIELDS = frozenset({"label", "group", "part"})
_FIELD = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Naming:
    """A pattern that the names of files, without their ending, are read by."""

    text: str
    form: re.Pattern[str]

    def read(self, stem: str) -> Mapping[str, str] | None:
        """The fields of a name, None where it does not fit."""
        found = self.form.fullmatch(stem)
        return found.groupdict() if found else None


def parse_naming(text: str) -> Naming:
    """Read a pattern: `{label}`, `{group}` and `{part}` mean something, other fields stand for anything.

    Raises:
        TrainError: it names no field, or one twice.
    """
    names = _FIELD.findall(text)
    if not FIELDS & set(names) or len(names) != len(set(names)):
        raise TrainError(
            f"--names {text!r}: name each of {{label}}, {{group}}, {{part}} at most once, "
            "and at least one: {label}_{group}_{number} say"
        )
    pieces = _FIELD.split(text)
    fixed = [re.escape(piece) for piece in pieces[::2]]
    fields = [f"(?P<{name}>.+?)" for name in pieces[1::2]]
    form = "".join(one for pair in zip(fixed, [*fields, ""], strict=True) for one in pair)
    return Naming(text, re.compile(form))
