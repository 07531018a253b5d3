"""What the inventory of a fleet holds: values that were checked when they were read."""

import re
from collections import Counter
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from edge.contracts.topics import GROUPS, NAME_PATTERN, ROOT, is_topic
from firmware_tools.errors import MistakeError

FORM = 1
RESERVED = frozenset({"group", GROUPS, "broker"})
LONGEST = 40  # characters of a name, as the daemon takes them
Serial = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,40}$")]  # hexadecimal
Revision = Annotated[int, Field(ge=1)]
_LABELS = re.compile(r"(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*")


def _a_name(text: str) -> str:
    if not re.fullmatch(NAME_PATTERN[1:-1], text) or len(text) > LONGEST:
        raise ValueError(f"a name is of letters (a to z), digits, _ and -, {LONGEST} at most")
    return text


def _an_address(text: str) -> str:
    if not _LABELS.fullmatch(text):
        try:
            ip_address(text)
        except ValueError:
            raise ValueError("a broker is reached by a name (broker.lan) or an address (10.0.0.2)") from None
    return text


Name = Annotated[str, AfterValidator(_a_name)]
HostName = Annotated[str, AfterValidator(_an_address)]
Reason = Literal["key_compromise", "superseded", "cessation_of_operation"]


class Record(BaseModel, extra="forbid", frozen=True):
    """What all records have in common: no key that is not known, and no change."""


R = TypeVar("R", bound=Record)


class Issued(Record):
    """A certificate that is good. `authority` is the number of who signed it."""

    serial: Serial
    authority: Revision
    until: AwareDatetime


class Revoked(Record):
    """A certificate that the broker is to refuse."""

    serial: Serial
    authority: Revision
    owner: Name
    at: AwareDatetime
    reason: Reason


class Authority(Record):
    """Who signs certificates."""

    number: Revision
    until: AwareDatetime


class Reached(Record):
    """How the broker is reached: `names` are all of its names and addresses, the first one is what devices use."""

    names: tuple[HostName, ...] = Field(min_length=1)
    port: int = Field(ge=1, le=65535)


class Broker(Reached):
    """The broker."""

    issued: Issued
    folder: Revision


class Member(Record):
    """Who has certificates: the last of them is the one in use. None: it is out of the fleet.

    `folder` is the revision in which its files were made, and their folder's name.
    """

    name: Name
    issued: tuple[Issued, ...]
    folder: Revision

    @model_validator(mode="after")
    def _not_reserved(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"the name {self.name} is taken for topics of the fleet itself")
        return self


class Host(Member):
    """A program that sees every device and may ask things of it."""


class Device(Member):
    """A device. `reads` are topics of others that its sensors hear."""

    board: Name
    group: Name
    reads: tuple[str, ...]

    @model_validator(mode="after")
    def _reads_others(self) -> Self:
        for topic in self.reads:
            plain = is_topic(topic) and topic.isprintable() and topic.strip() == topic and topic[0] not in "$/"
            if not plain or topic.split("/")[0] in {ROOT, "homeassistant"}:
                raise ValueError(f"{topic!r} is no topic of others that a device may read; name one, without + or #")
        return self


class Inventory(Record):
    """A fleet. `revision` counts its changes."""

    v: Literal[1]
    fleet: Name
    revision: Revision
    broker: Broker
    authorities: tuple[Authority, ...] = Field(min_length=1)
    devices: tuple[Device, ...]
    hosts: tuple[Host, ...]
    revoked: tuple[Revoked, ...]

    @property
    def members(self) -> tuple[Device | Host, ...]:
        """Devices and hosts."""
        return (*self.devices, *self.hosts)

    @property
    def newest(self) -> Authority:
        """The authority that signs what is new."""
        return self.authorities[-1]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [member.name for member in self.members]
        issued = [one for member in self.members for one in member.issued] + [self.broker.issued]
        serials = [one.serial for one in issued] + [one.serial for one in self.revoked]
        numbers = [authority.number for authority in self.authorities]
        counted = (("name", Counter(names)), ("serial", Counter(serials)), ("authority", Counter(map(str, numbers))))
        for what, counts in counted:
            twice = [value for value, count in counts.items() if count > 1]
            if twice:
                raise ValueError(f"the {what} {twice[0]} is there twice")
        unknown = sorted({one.authority for one in issued} - set(numbers))
        if unknown:
            raise ValueError(f"a certificate is of authority {unknown[0]}, which is not there")
        return self


def mistake(error: ValidationError, where: str) -> MistakeError:
    """What is wrong first, in words; not what stands there."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place, said = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
    return MistakeError(f"{where}: {place}: {said}" if place else f"{where}: {said}")


def checked(kind: type[R], fields: Mapping[str, object], where: str) -> R:
    """A record of what a person gave.

    Raises:
        MistakeError: it cannot be used; `where` says what for.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise mistake(error, where) from None
