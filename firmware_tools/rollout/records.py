"""What happens in a roll-out, one record for each thing that changes it: all that is kept of it on disk.

Times (`at_s`) are seconds that the roll-out has been watched: they stand still while the broker is away or nobody
watches, so that no device fails because of that.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from edge.contracts.update_state import Phase
from firmware_tools.identity.records import Record

LONGEST_DETAIL = 300


class Here(Record):
    """A device came online, or went."""

    kind: Literal["here"] = "here"
    at_s: float
    device: str
    online: bool


class Heard(Record):
    """A device reported of our wishes; `phase` is the one that decides of them all."""

    kind: Literal["heard"] = "heard"
    at_s: float
    device: str
    phase: Phase
    reason: str
    detail: str


class Taken(Record):
    """Somebody else wants something of a device that was asked: it is theirs from now on."""

    kind: Literal["taken"] = "taken"
    at_s: float
    device: str


class Asked(Record):
    """A wave: its devices, and the payload of what was wanted of each before, "" for nothing."""

    kind: Literal["asked"] = "asked"
    at_s: float
    before: dict[str, str]


class Paused(Record):
    """No new wave begins, or again."""

    kind: Literal["paused"] = "paused"
    at_s: float
    paused: bool


class Stopped(Record):
    """Nothing is asked any more, and of these devices what was asked is taken back."""

    kind: Literal["stopped"] = "stopped"
    at_s: float
    why: str
    back: tuple[str, ...]


class Ended(Record):
    """Nothing is left to be done."""

    kind: Literal["ended"] = "ended"
    at_s: float


class Time(Record):
    """Nothing but that time passed; `utc_s` is the wall clock's."""

    kind: Literal["time"] = "time"
    at_s: float
    utc_s: float


Event: TypeAlias = Here | Heard | Taken | Asked | Paused | Stopped | Ended | Time
_EVENTS: TypeAdapter[list[Event]] = TypeAdapter(list[Annotated[Event, Field(discriminator="kind")]])


def written(events: Sequence[Event]) -> bytes:
    """Events of one turn as one line."""
    return _EVENTS.dump_json(list(events)) + b"\n"


def parsed(line: bytes) -> Iterable[Event]:
    """The events of a line. Raises ValueError."""
    return _EVENTS.validate_json(line)
