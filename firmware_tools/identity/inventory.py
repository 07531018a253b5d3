"""The fleet's inventory as a file, and who is who in it."""

import json
from collections.abc import Iterable
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


def with_members(inventory: Inventory, changed: Iterable[Device | Host]) -> Inventory:
    """The inventory with devices and hosts put in, or in the place of those of their names; all by name."""
    devices = {each.name: each for each in inventory.devices}
    hosts = {each.name: each for each in inventory.hosts}
    for each in changed:
        if isinstance(each, Device):
            devices[each.name] = each
        else:
            hosts[each.name] = each
    by_name = {"devices": tuple(map(devices.get, sorted(devices))), "hosts": tuple(map(hosts.get, sorted(hosts)))}
    return inventory.model_copy(update=by_name)
