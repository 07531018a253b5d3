"""The fleet's inventory as a file, and who is who in it."""

import json
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from firmware_tools.errors import MistakeError
from firmware_tools.identity.files import read_private, write
from firmware_tools.identity.records import FORM, Device, Host, Inventory, mistake

FILE = "fleet.json"


def read_inventory(fleet: Path) -> Inventory:
    """The inventory of a fleet's folder.

    Raises:
        MistakeError: there is none, it is damaged, or a newer Foresight wrote it.
    """
    path = fleet / FILE
    if not path.exists():
        raise MistakeError(f"{fleet} is no fleet: there is no {FILE}; begin one with `provision init`")
    return parsed(read_private(path), str(path))


def parsed(data: bytes, where: str) -> Inventory:
    """The inventory of a file's bytes. Raises MistakeError."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MistakeError(f"{where} is damaged: it is no JSON; bring it back from a copy") from error
    form = value.get("v") if isinstance(value, dict) else None
    if isinstance(form, int) and form > FORM:
        raise MistakeError(f"{where}: a newer Foresight wrote it (form {form}, known here: {FORM}); install that one")
    try:
        return Inventory.model_validate_json(data)
    except ValidationError as error:
        raise MistakeError(f"{mistake(error, where)}; mend that, or bring the file back from a copy") from None


def write_inventory(fleet: Path, inventory: Inventory) -> None:
    """Replace the inventory, as a whole or not at all. Raises FirmwareError."""
    write(fleet / FILE, inventory.model_dump_json(indent=1).encode() + b"\n")


def member(inventory: Inventory, name: str) -> Device | Host:
    """Who has a name.

    Raises:
        MistakeError: nobody.
    """
    known = {each.name: each for each in inventory.members}
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else "`provision list` shows who is in it"
        raise MistakeError(f"nobody is called {name!r} in the fleet {inventory.fleet}; {hint}")
    return known[name]


def with_member(inventory: Inventory, changed: Device | Host) -> Inventory:
    """The inventory with one device or host put in, or in the place of the one of that name."""
    if isinstance(changed, Device):
        others = [each for each in inventory.devices if each.name != changed.name]
        devices = tuple(sorted([*others, changed], key=lambda each: each.name))
        return inventory.model_copy(update={"devices": devices})
    rest = [each for each in inventory.hosts if each.name != changed.name]
    return inventory.model_copy(update={"hosts": tuple(sorted([*rest, changed], key=lambda each: each.name))})
