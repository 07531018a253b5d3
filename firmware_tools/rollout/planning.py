"""From what a person asks for to a plan, checked against the releases and the fleet before anything begins."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.inventory import FILE, read_inventory
from firmware_tools.identity.records import checked
from firmware_tools.release.places import Places
from firmware_tools.rollout.choosing import Candidate, in_order, names_in, of_inventory, suitable
from firmware_tools.rollout.plan import Access, Pace, Plan
from firmware_tools.rollout.released import wished


@dataclass(frozen=True, slots=True)
class Whom:
    """Devices, as a person names them. Nothing named: every device of the fleet."""

    fleet: Path
    groups: tuple[str, ...]
    devices: tuple[str, ...]
    file: Path | None  # of names


@dataclass(frozen=True, slots=True)
class Canaries:
    """So many, or these."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """What a person asks for."""

    name: str
    wishes: tuple[str, ...]  # NAME or NAME@VERSION
    whom: Whom
    canaries: Canaries
    pace: Pace
    access: Access


def plan(asking: Asking, places: Places, now: datetime) -> Plan:
    """Checked against what is released. Raises MistakeError, FirmwareError."""
    files = wished(places, asking.wishes, now)
    fits, left_out = suitable(candidates(asking.whom), {file.name: purpose for file, purpose in files.items()})
    if not fits:
        why = f": {next(iter(left_out.values()))}" if left_out else ""
        raise MistakeError(f"the roll-out is for no device{why}; name others with --group, --device or --devices")
    named = tuple(dict.fromkeys(asking.canaries.names))
    order = in_order(fits, named, asking.name)
    fields = {
        "name": asking.name,
        "wishes": tuple(files),
        "devices": tuple(order),
        "canaries": min(len(order), len(named) or asking.canaries.count),
        "left_out": left_out,
        "pace": asking.pace,
        "access": asking.access,
        "at": now,
    }
    return checked(Plan, fields, f"the roll-out {asking.name}")


def candidates(whom: Whom) -> list[Candidate]:
    """Those that are named. Raises MistakeError."""
    names = [*whom.devices, *(names_in(whom.file) if whom.file else ())]
    if (whom.fleet / FILE).exists():
        if whom.file and not names:
            return []
        return of_inventory(read_inventory(whom.fleet), whom.groups, names)
    if whom.groups or not names:
        raise MistakeError(
            f"{whom.fleet} is no fleet; name its folder with --fleet, or devices with --device, --devices"
        )
    return [Candidate(name, "", "") for name in dict.fromkeys(names)]
