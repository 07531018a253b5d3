"""What a device is wanted to run, and what it says of that: `update/desired` and `update/reported`.

Neither is trusted. What is wanted is a name and a version; whether there is such a file, and whether it is for this
device, only signed metadata says.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TypeVar

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, count, member, objects, real, text
from edge.contracts.payload import opened
from edge.contracts.release import LONGEST_TEXT, parse_version
from edge.contracts.release_wire import LONGEST_PATH
from edge.contracts.topics import NAME_PATTERN

FORMAT = 1
MOST_WISHES, MOST_TOLD = 32, 256
MOST_BYTES = 1 << 18
MOST_BLOCKED_TOLD = 16  # a device keeps more of them in mind
LONGEST_DETAIL = 400
CONFIGURATION, SYSTEM = "configuration", "system"  # places that are not called after a model file
_ROLLOUT = re.compile(rf"({NAME_PATTERN[1:-1]})?")


class Phase(StrEnum):
    """How far a wish has come."""

    WAITING = "waiting"  # it does not come now, or cannot be tried now; tried again later, `reason` says why
    FETCHING = "fetching"
    CHECKING = "checking"  # tried in a process of its own
    STAGED = "staged"  # passed; its turn comes
    TRYING = "trying"  # it serves, and is watched
    GOOD = "good"  # it serves
    RETURNED = "returned"  # it served, was sick, and what was before serves again; refused from now on
    REFUSED = "refused"  # it was not taken, and will not be; `reason` says why


@dataclass(frozen=True, slots=True)
class Wish:
    """A released file by the name and version that signed metadata must give it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that is wanted of a device or of a group; what is not named stays as it is."""

    rollout: str  # whose wish it is, "" where nobody's
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """One wish."""

    name: str
    version: str
    phase: Phase
    fraction: float  # of the file that has come, 0..1
    reason: str  # for programs, as `wrong_board`; "" where all is well
    detail: str  # for people: what, where, what to do


@dataclass(frozen=True, slots=True)
class Running:
    """What serves in one place: `configuration`, `system`, or the file name of a model that the configuration names."""

    place: str
    name: str  # of the release, "" for what the device was shipped with
    version: str
    sha256: str  # of its file
    since_utc_ns: int


@dataclass(frozen=True, slots=True)
class BlockedFile:
    """A file that is not taken again."""

    sha256: str
    name: str
    version: str
    reason: str
    detail: str
    utc_ns: int


@dataclass(frozen=True, slots=True)
class Reported:
    """Everything that a device says of its updates."""

    device: str
    utc_ns: int
    board: str
    daemon: str  # version of foresight-edge
    rollout: str  # of the desired state that this answers
    wishes: tuple[Progress, ...]
    running: tuple[Running, ...]
    blocked: tuple[BlockedFile, ...]


_Detailed = TypeVar("_Detailed", Progress, BlockedFile)
_Entry = TypeVar("_Entry", Progress, Running, BlockedFile)


def encode_desired(desired: Desired) -> bytes:
    """As it is published, retained. Raises MalformedError where no device would take it."""
    data = json.dumps({"v": FORMAT, **asdict(desired)}).encode()
    if parse_desired(data) != desired:
        raise MalformedError(f"{desired} cannot be written")
    return data


def parse_desired(payload: bytes) -> Desired:
    """Raises MalformedError. An empty payload wants nothing: the retained message was deleted."""
    if not payload:
        return Desired("", ())
    told = opened(payload, FORMAT, MOST_BYTES)
    wishes = tuple(Wish(_name(entry), _version(entry)) for entry in objects(told, "wishes"))
    if len(wishes) > MOST_WISHES or len({wish.name for wish in wishes}) < len(wishes):
        raise MalformedError(f"it has more than {MOST_WISHES} wishes, or two for one name")
    return Desired(_rollout(told), wishes)


def encode_reported(reported: Reported) -> bytes:
    """As it is published, retained: never more than its reader takes.

    Details are cut to their length. The wishes come first, then what runs, then the latest of what is blocked, as many
    of each as there is room for.
    """
    wishes = _detailed(reported.wishes[:MOST_TOLD])
    blocked = _detailed(reported.blocked[-MOST_BLOCKED_TOLD:])
    room = MOST_BYTES - len(_written(replace(reported, wishes=(), running=(), blocked=())))
    wishes, room = _fitting(wishes, room)
    running, room = _fitting(reported.running[:MOST_TOLD], room)
    latest, room = _fitting(blocked[::-1], room)
    return _written(replace(reported, wishes=wishes, running=running, blocked=latest[::-1]))


def parse_reported(payload: bytes) -> Reported:
    """Raises MalformedError."""
    told = opened(payload, FORMAT, MOST_BYTES)
    return Reported(
        device=text(told, "device"),
        utc_ns=count(told, "utc_ns"),
        board=text(told, "board"),
        daemon=text(told, "daemon"),
        rollout=_rollout(told),
        wishes=tuple(map(_progress, _few(told, "wishes"))),
        running=tuple(map(_running, _few(told, "running"))),
        blocked=tuple(map(_blocked, _few(told, "barred"))),
    )


def _written(reported: Reported) -> bytes:
    told = asdict(reported)
    told["barred"] = told.pop("blocked")  # as it is called on the wire
    return _json({"v": FORMAT, **told})


def _json(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode(errors="backslashreplace")  # half a pair is \\udcff in JSON, too


def _detailed(entries: tuple[_Detailed, ...]) -> tuple[_Detailed, ...]:
    return tuple(replace(entry, detail=entry.detail[:LONGEST_DETAIL]) for entry in entries)


def _fitting(entries: tuple[_Entry, ...], room: int) -> tuple[tuple[_Entry, ...], int]:
    """As many of the first as have room, in bytes, and what is left of it."""
    for n, entry in enumerate(entries):
        bytes_ = len(_json(asdict(entry))) + len(", ")
        if bytes_ > room:
            return entries[:n], room
        room -= bytes_
    return entries, room


def _progress(entry: Object) -> Progress:
    phase, fraction = member(Phase, entry, "phase"), real(entry, "fraction")
    if not 0 <= fraction <= 1:
        raise MalformedError(f"its fraction is {fraction:g}, which must be 0..1")
    return Progress(_name(entry), _version(entry), phase, fraction, text(entry, "reason"), text(entry, "detail"))


def _running(entry: Object) -> Running:
    place, name, version, sha256 = (text(entry, key) for key in ("place", "name", "version", "sha256"))
    return Running(place, name, version, sha256, count(entry, "since_utc_ns"))


def _blocked(entry: Object) -> BlockedFile:
    sha256, name, version, reason, detail = (
        text(entry, key) for key in ("sha256", "name", "version", "reason", "detail")
    )
    return BlockedFile(sha256, name, version, reason, detail, count(entry, "utc_ns"))


def _few(told: Object, key: str) -> tuple[Mapping[str, object], ...]:
    found = objects(told, key)
    if len(found) > MOST_TOLD:
        raise MalformedError(f"its {key!r} has more than {MOST_TOLD} entries")
    return found


def _rollout(told: Object) -> str:
    rollout = text(told, "rollout")
    if len(rollout) > LONGEST_TEXT or not _ROLLOUT.fullmatch(rollout):
        raise MalformedError(f"its rollout {rollout!r:.60} must be of letters, digits, _ and -")
    return rollout


def _name(entry: Object) -> str:
    name = text(entry, "name")
    if not 0 < len(name) <= LONGEST_PATH or not name.isprintable():
        raise MalformedError(f"its name {name!r:.60} is no name of a release")
    return name


def _version(entry: Object) -> str:
    version = text(entry, "version")
    parse_version(version)
    return version
