"""From what a person asks for to a plan, checked against the releases and the fleet before anything begins."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firmware_tools.broker import Access
from firmware_tools.errors import MistakeError
from firmware_tools.identity.inventory import FILE, read_inventory
from firmware_tools.identity.records import checked
from firmware_tools.release.repository import Repository
from firmware_tools.rollout.choosing import Candidate, in_order, names_in, of_inventory, suitable
from firmware_tools.rollout.plan import Pace, Plan
from firmware_tools.rollout.released import wished


@dataclass(frozen=True, slots=True)
class Selection:
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
class Request:
    """What a person asks for."""

    name: str
    wishes: tuple[str, ...]  # NAME or NAME@VERSION
    selection: Selection
    canaries: Canaries
    pace: Pace
    access: Access


def plan(request: Request, repository: Repository, now: datetime) -> Plan:
    """Checked against what is released. Raises MistakeError, FirmwareError."""
    files = wished(repository, request.wishes, now)
    fits, left_out = suitable(candidates(request.selection), {file.name: purpose for file, purpose in files.items()})
    if not fits:
        why = f": {next(iter(left_out.values()))}" if left_out else ""
        raise MistakeError(f"the roll-out is for no device{why}; name others with --group, --device or --devices")
    named = tuple(dict.fromkeys(request.canaries.names))
    order = in_order(fits, named, request.name)
    fields = {
        "name": request.name,
        "wishes": tuple(files),
        "devices": tuple(order),
        "canaries": min(len(order), len(named) or request.canaries.count),
        "left_out": left_out,
        "pace": request.pace,
        "access": request.access,
        "at": now,
    }
    return checked(Plan, fields, f"the roll-out {request.name}")


def candidates(selection: Selection) -> list[Candidate]:
    """Those that are named. Raises MistakeError."""
    names = [*selection.devices, *(names_in(selection.file) if selection.file else ())]
    if (selection.fleet / FILE).exists():
        if selection.file and not names:
            return []
        return of_inventory(read_inventory(selection.fleet), selection.groups, names)
    if selection.groups or not names:
        raise MistakeError(
            f"{selection.fleet} is no fleet; name its folder with --fleet, or devices with --device, --devices"
        )
    return [Candidate(name, "", "") for name in dict.fromkeys(names)]
