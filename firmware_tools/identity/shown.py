"""The fleet, as a person reads it, and what of it needs to be done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import ENVIRONMENT, files_of
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.records import Broker, Device, Inventory, Issued
from firmware_tools.identity.rights import revision_of
from firmware_tools.identity.transaction import MOSQUITTO
from firmware_tools.identity.values import BROKER, PORT, parse_values

SOON = timedelta(days=60)
COLUMNS = ("name", "is", "group", "certificate", "until")


def show(fleet: Path, now: datetime, console: Console) -> None:
    """Print who is in the fleet and what is to be done. Raises MistakeError."""
    inventory = read_inventory(fleet)
    table = Table(*COLUMNS, box=SIMPLE, pad_edge=False)
    for one in inventory.members:
        kind, group = (one.board, one.group) if isinstance(one, Device) else ("host", "")
        newest = (one.issued[-1].serial[:8], f"{one.issued[-1].until:%Y-%m-%d}") if one.issued else ("revoked", "")
        table.add_row(one.name, kind, group, *newest)
    console.print(table)
    broker = inventory.broker
    said = f"{inventory.fleet}, revision {inventory.revision}; broker {broker.names[0]}:{broker.port}; "
    said += f"{len(inventory.revoked)} certificates revoked"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    for line in to_do(fleet, inventory, now):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def to_do(fleet: Path, inventory: Inventory, now: datetime) -> Iterator[str]:
    """What is to be done, a sentence each."""
    path = fleet / MOSQUITTO / "foresight.acl"
    if not path.is_file() or revision_of(path.read_text("utf-8", "replace")) != inventory.revision:
        yield f"{path.parent} is behind the inventory: `provision broker` makes it anew"
    if _ends_soon(inventory.broker.issued, now):
        yield f"the broker's certificate ends on {inventory.broker.issued.until:%Y-%m-%d}: `provision broker --renew`"
    for one in inventory.members:
        if not one.issued:
            continue
        newest = one.issued[-1]
        if _ends_soon(newest, now):
            yield f"the certificate of {one.name} ends on {newest.until:%Y-%m-%d}: `provision rotate {one.name}`"
        if newest.authority < inventory.newest.number:
            yield f"{one.name} does not know the newest authority: `provision rotate {one.name}`"
        if isinstance(one, Device):
            yield from _to_do_for_address(fleet, inventory.broker, one)
        if len(one.issued) > 1:
            yield f"an older certificate of {one.name} is good too, until `provision revoke {one.name} --old`"
    if len(inventory.authorities) > 1:
        yield "more than one authority is trusted: `provision retire-authority` ends that"


def _to_do_for_address(fleet: Path, broker: Broker, device: Device) -> Iterator[str]:
    try:
        told = parse_values(files_of(fleet, device, (ENVIRONMENT,))[ENVIRONMENT], f"the environment of {device.name}")
    except MistakeError as error:
        yield f"{error}; then `provision list` again"
        return
    name, port = told.get(BROKER), told.get(PORT)
    if name not in broker.names or port != str(broker.port):
        yield f"{device.name} goes to {name}:{port}, where no broker is now: `provision configure {device.name}`"


def _ends_soon(issued: Issued, now: datetime) -> bool:
    return issued.until - now < SOON
