"""Whose devices a roll-out is for, and in which order they are asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

from edge.contracts.release import Purpose
from firmware_tools.errors import MistakeError
from firmware_tools.identity.files import read
from firmware_tools.identity.inventory import member
from firmware_tools.identity.records import Device, Inventory

LARGEST_LIST = 16 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that may be asked; `board` and `group` are "" where no inventory tells them."""

    name: str
    board: str
    group: str


def of_inventory(inventory: Inventory, groups: Sequence[str], names: Sequence[str]) -> list[Candidate]:
    """Devices of groups and by name; nothing named: every device. Raises MistakeError."""
    inside = [device for device in inventory.devices if device.issued]
    unknown = sorted(set(groups) - {device.group for device in inside})
    if unknown:
        known = ", ".join(sorted({device.group for device in inside})) or "none"
        raise MistakeError(f"no device is in the group {unknown[0]!r}; groups are {known}")
    for name in names:
        found = member(inventory, name)
        if not isinstance(found, Device) or not found.issued:
            raise MistakeError(f"{name} is {'out of the fleet' if isinstance(found, Device) else 'a host, no device'}")
    every = not groups and not names
    chosen = [device for device in inside if every or device.group in groups or device.name in names]
    return [Candidate(device.name, device.board, device.group) for device in chosen]


def names_in(path: Path) -> list[str]:
    """The names in a text file, one a line; what follows # is a remark. Raises MistakeError."""
    lines = read(path, LARGEST_LIST).decode(errors="replace").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def suitable(
    candidates: Iterable[Candidate], purposes: Mapping[str, Purpose]
) -> tuple[list[Candidate], dict[str, str]]:
    """Those that every release is for; and of the others, why it is not for them."""
    fits: list[Candidate] = []
    left_out: dict[str, str] = {}
    for one in candidates:
        reasons = [why for name, purpose in purposes.items() if (why := _why_not(one, name, purpose))]
        if reasons:
            left_out[one.name] = reasons[0]
        else:
            fits.append(one)
    return fits, left_out


def in_order(candidates: Iterable[Candidate], canaries: Sequence[str], rollout: str) -> list[str]:
    """Named canaries first, then boards in turns, so that the first few are of each kind.

    The order is another one for each roll-out, so that not always the same devices go first.

    Raises:
        MistakeError: a canary is not among them.
    """
    by_board: dict[str, list[str]] = {}
    for one in sorted(candidates, key=lambda each: _drawn(rollout, each.name)):
        by_board.setdefault(one.board, []).append(one.name)
    mixed = [name for turn in zip_longest(*by_board.values(), fillvalue="") for name in turn if name]
    absent = [name for name in canaries if name not in set(mixed)]
    if absent:
        raise MistakeError(f"the canary {absent[0]!r} is not among the devices of the roll-out, or it is not for it")
    return [*dict.fromkeys(canaries), *(name for name in mixed if name not in set(canaries))]


def _why_not(one: Candidate, name: str, purpose: Purpose) -> str:
    if one.board and purpose.boards and one.board not in purpose.boards:
        return f"{name} is for {', '.join(purpose.boards)}, and this is a {one.board}"
    if one.group and purpose.groups and one.group not in purpose.groups:
        return f"{name} is for the groups {', '.join(purpose.groups)}, and this is in {one.group}"
    return ""


def _drawn(rollout: str, name: str) -> str:
    return sha256(f"{rollout}/{name}".encode()).hexdigest()
