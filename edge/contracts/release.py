"""What a released file is for: the custom fields beside its length and hash in signed metadata.

The workstation writes them, the device reads them. The format's number goes up when the meaning of a key changes; keys
that a reader does not know it ignores. An empty list or text bounds nothing: no boards named is every board.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import below, count, member, text, texts
from edge.contracts.manifest import Task
from edge.contracts.topics import NAME_PATTERN

FIELD = "foresight"  # the key below which the fields lie
SIGNED_AT = "x-foresight-signed-utc-ns"  # when a list of releases was signed, as its signer says
FORMAT = 1
MOST_NAMES = 1000  # boards or groups of one file
LONGEST_TEXT = 120
NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")  # of a released file
_NUMBER = "([0-9]{1,18})"
_VERSION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:[-+a-z].*|\.[^\d.].*)?")

Version = tuple[int, int, int, int]


class Kind(StrEnum):
    """What is done with a released file."""

    MODEL = "model"  # a .tflite with everything about it inside
    CONFIGURATION = "configuration"  # YAML
    SYSTEM = "system"  # a RAUC bundle with a root file system


@dataclass(frozen=True, slots=True)
class Purpose:
    """Who a released file is for, and what it is there."""

    kind: Kind
    task: str  # of a model, as its own `foresight.json` tells it; "" for everything else
    version: str  # of what is in the file
    minimum_daemon: str  # the oldest `foresight-edge` that can use it; "" for any
    boards: tuple[str, ...]
    groups: tuple[str, ...]


def encode_purpose(purpose: Purpose) -> dict[str, object]:
    """The custom fields, as they are signed. Raises MalformedError where a device would refuse them."""
    told: dict[str, object] = {
        FIELD: {
            "format": FORMAT,
            "kind": purpose.kind.value,
            "task": purpose.task,
            "version": purpose.version,
            "minimum_daemon": purpose.minimum_daemon,
            "boards": list(purpose.boards),
            "groups": list(purpose.groups),
        }
    }
    if parse_purpose(told) != purpose:
        raise MalformedError(f"{purpose} cannot be written as fields of a release")
    return told


def parse_purpose(custom: object) -> Purpose:
    """Read the custom fields.

    Raises:
        MalformedError: they are missing, of another format, or a value is not what it must be.
    """
    entry = below(below(custom, "custom").get(FIELD), FIELD)
    if entry.get("format") != FORMAT or isinstance(entry.get("format"), bool):
        raise MalformedError(f"its fields have format {entry.get('format')!r:.20}, and this version reads {FORMAT}")
    count(entry, "format")
    purpose = Purpose(
        kind=member(Kind, entry, "kind"),
        task=_short(entry, "task"),
        version=_short(entry, "version"),
        minimum_daemon=_short(entry, "minimum_daemon"),
        boards=_names(entry, "boards"),
        groups=_names(entry, "groups"),
    )
    if (purpose.kind is Kind.MODEL) != (purpose.task in set(Task)):
        raise MalformedError(f"it is a {purpose.kind.value} with the task {purpose.task!r}")
    parse_version(purpose.version)
    if purpose.minimum_daemon:
        parse_version(purpose.minimum_daemon)
    return purpose


def parse_version(told: str) -> Version:
    """`1.20` as (1, 20, 0, 0), in the order of versions; what stands behind the numbers does not count.

    Raises:
        MalformedError: it does not begin with a number, or has one that would not count.
    """
    found = _VERSION.fullmatch(told) if len(told) <= LONGEST_TEXT else None
    if found is None:
        raise MalformedError(f"{told!r:.60} is no version: it must begin with 1 to 4 numbers, as 1.20 or 1.20.3")
    major, minor, micro, rest = (int(number or 0) for number in found.groups())
    return major, minor, micro, rest


def _short(entry: Mapping[str, object], key: str) -> str:
    value = text(entry, key)
    if len(value) > LONGEST_TEXT or not value.isprintable():
        raise MalformedError(f"its {key!r} is longer than {LONGEST_TEXT} characters, or cannot be printed")
    return value


def _names(entry: Mapping[str, object], key: str) -> tuple[str, ...]:
    names = texts(entry, key)
    if len(names) > MOST_NAMES:
        raise MalformedError(f"its {key!r} has more than {MOST_NAMES} names")
    if wrong := [name for name in names if len(name) > LONGEST_TEXT or not re.fullmatch(NAME_PATTERN[1:-1], name)]:
        raise MalformedError(f"its {key!r} has {wrong[0]!r:.60}, which must be of letters, digits, _ and -")
    return names
