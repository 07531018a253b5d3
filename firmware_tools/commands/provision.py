"""`foresight-firmware provision`: who the devices of a fleet are."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from firmware_tools.errors import MistakeError

if TYPE_CHECKING:
    from firmware_tools.identity.settling import Template

PASSPHRASE = "FORESIGHT_AUTHORITY_PASSPHRASE"  # noqa: S105 - the name of a variable
Reasons = Literal["key_compromise", "cessation_of_operation"]
Fleet = Annotated[Path, typer.Option("--fleet", help="The fleet's folder")]
Name = Annotated[str, typer.Argument(help="Of a device or host")]
TemplateFile = Annotated[Path | None, typer.Option(help="The configuration; else the fleet's template.yaml")]
VALUES = "Private file, NAME=value a line: the template's ${FORESIGHT_...}"
Values = Annotated[Path | None, typer.Option(help=VALUES)]
HERE = Path("fleet")

app = typer.Typer(help="Who the devices of a fleet are.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="Of the fleet")],
    broker: Annotated[list[str], typer.Option(help="Name or address of the broker; several: devices use the first")],
    fleet: Fleet = HERE,
    port: Annotated[int, typer.Option(help="Of the broker", min=1, max=65535)] = 8883,
    protect: Annotated[bool, typer.Option("--protect", help="Protect the authority's key by a passphrase")] = False,
) -> None:
    """Begin a fleet: an authority, the broker's certificate, a template of the configuration."""
    from firmware_tools.identity.beginning import begin  # noqa: PLC0415 - commands load only what they need

    begin(fleet, name, tuple(broker), port, _now(), _new_passphrase() if protect else "")
    _say(f"the fleet {name} is begun. Next: edit {fleet}/template.yaml, copy {fleet}/mosquitto/ to the broker")


@app.command()
def add(
    names: Annotated[list[str], typer.Argument(help="Of the device: letters, digits, _ and -; several")],
    board: Annotated[str, typer.Option(help="See `foresight-firmware boards`")],
    fleet: Fleet = HERE,
    group: Annotated[str, typer.Option(help="Devices that are updated together")] = "all",
    template: TemplateFile = None,
    values: Annotated[Path | None, typer.Option(help=f"{VALUES}; or a folder with NAME.values for each")] = None,
    reads: Annotated[list[str] | None, typer.Option(help="A topic of others that its sensors hear; several")] = None,
) -> None:
    """Put devices in, all or none: key, certificate, rights at the broker, configuration."""
    from firmware_tools.identity import members  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    wanted = [members.NewDevice(name, board, group, tuple(reads or ()), _values(values, name)) for name in names]
    with opened(fleet, _passphrase, _now()) as transaction:
        after = members.add(transaction, wanted, _template(fleet, template))
    _tell_ready(fleet, names, after.inventory.revision)


@app.command()
def host(name: Annotated[str, typer.Argument(help="Of the program")], fleet: Fleet = HERE) -> None:
    """Put in a program that sees every device: a collector, Home Assistant. Each needs one of its own."""
    from firmware_tools.identity.members import add_host  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        after = add_host(transaction, name)
    _say(f"{name} is in; its files: {fleet}/hosts/{name}/{after.inventory.revision}")


@app.command("list")
def list_(fleet: Fleet = HERE, as_json: Annotated[bool, typer.Option("--json", help="The inventory")] = False) -> None:
    """Show who is in the fleet and what is to be done."""
    from firmware_tools.identity.inventory import read_inventory  # noqa: PLC0415
    from firmware_tools.identity.shown import show  # noqa: PLC0415

    if as_json:
        _say(read_inventory(fleet).model_dump_json())
    else:
        show(fleet, _now(), Console())


@app.command()
def configure(name: Name, fleet: Fleet = HERE, template: TemplateFile = None, values: Values = None) -> None:
    """Give a device the template as it is now, or other values; it keeps its key."""
    from firmware_tools.identity import members  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        own = members.values_now(transaction, name) if values is None else _values(values, name)
        after = members.configure(transaction, name, _template(fleet, template), own)
    _tell_ready(fleet, [name], after.inventory.revision)


@app.command()
def rotate(name: Name, fleet: Fleet = HERE) -> None:
    """Give a device or host a new key; the certificate before stays good until `revoke NAME --old`."""
    from firmware_tools.identity import members  # noqa: PLC0415
    from firmware_tools.identity.delivery import folder_of  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        after = members.rotate(transaction, name)
    _say(f"{name} has a new key: {folder_of(fleet, after.inventory, name)}")
    _say(f"once it is in use: provision revoke {name} --old")


@app.command()
def revoke(
    name: Name,
    fleet: Fleet = HERE,
    old: Annotated[bool, typer.Option("--old", help="Only certificates that a newer one has replaced")] = False,
    reason: Annotated[Reasons, typer.Option(help="Why")] = "key_compromise",
) -> None:
    """Put a device or host out of the fleet: its certificates are refused and it has no rights."""
    from firmware_tools.identity import members  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        if old:
            members.revoke_old(transaction, name)
        else:
            members.revoke(transaction, name, reason)
    _say(f"revoked. Copy {fleet}/mosquitto/ to the broker and have it read that (systemctl reload mosquitto)")


@app.command()
def broker(
    fleet: Fleet = HERE,
    renew: Annotated[bool, typer.Option("--renew", help="With a new key and certificate")] = False,
    name: Annotated[list[str] | None, typer.Option(help="With --renew: another name or address; several")] = None,
    port: Annotated[int, typer.Option(help="With --renew: another port; 0 leaves it", min=0, max=65535)] = 0,
) -> None:
    """Make the broker's files anew: certificate, list of what is revoked, rights."""
    from firmware_tools.identity.authorities import renew_broker  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    if not renew and (name or port):
        raise MistakeError("--name and --port need a new certificate: add --renew")
    with opened(fleet, _passphrase, _now()) as transaction:
        now = transaction.inventory.broker
        if renew:
            renew_broker(transaction, tuple(name or now.names), port or now.port)
        else:
            transaction.write_broker()
    _say(f"copy {fleet}/mosquitto/ to the broker and restart it; then `provision list` says who has its old address")


@app.command("rotate-authority")
def rotate_authority(fleet: Fleet = HERE) -> None:
    """Begin to sign with a new authority; then rotate every device, renew the broker, and retire the old one."""
    from firmware_tools.identity import authorities  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        after = authorities.rotate_authority(transaction)
    _say(f"authority {after.inventory.newest.number} signs from now on; `provision list` says what is to be done")


@app.command("retire-authority")
def retire_authority(fleet: Fleet = HERE) -> None:
    """Trust the newest authority only."""
    from firmware_tools.identity import authorities  # noqa: PLC0415
    from firmware_tools.identity.transaction import opened  # noqa: PLC0415

    with opened(fleet, _passphrase, _now()) as transaction:
        after = authorities.retire_authority(transaction)
    _say(f"authority {after.inventory.newest.number} is the only one; copy {fleet}/mosquitto/ to the broker")


def _template(fleet: Path, template: Path | None) -> "Template":
    from firmware_tools.identity.files import read  # noqa: PLC0415
    from firmware_tools.identity.settling import Template  # noqa: PLC0415
    from firmware_tools.identity.template import FILE, text_of  # noqa: PLC0415

    path = template or fleet / FILE
    return Template(text_of(read(path), path), path)


def _values(given: Path | None, name: str) -> dict[str, str]:
    """A device's own, from a file or from its file in a folder."""
    from firmware_tools.identity.files import read_private  # noqa: PLC0415
    from firmware_tools.identity.values import parse_values  # noqa: PLC0415

    if given is None:
        return {}
    path = given / f"{name}.values" if given.is_dir() else given
    return parse_values(read_private(path), str(path))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _passphrase() -> str:
    given = os.environ.get(PASSPHRASE, "")
    if given or not sys.stdin.isatty():
        return given
    return str(typer.prompt("Passphrase of the authority's key", hide_input=True))


def _new_passphrase() -> str:
    given = os.environ.get(PASSPHRASE, "")
    if not given and sys.stdin.isatty():
        given = str(typer.prompt("Passphrase for the authority's key", hide_input=True, confirmation_prompt=True))
    if not given:
        raise MistakeError(f"--protect needs a passphrase: call this from a terminal, or set {PASSPHRASE}")
    return given


def _tell_ready(fleet: Path, names: list[str], revision: int) -> None:
    if len(names) == 1:
        ready = f"{names[0]} is ready; its files: {fleet}/devices/{names[0]}/{revision}"
    else:
        ready = f"{len(names)} devices are ready; the files of each: {fleet}/devices/NAME/{revision}"
    _say(f"{ready}. Copy {fleet}/mosquitto/ to the broker.")


def _say(text: str) -> None:
    print(text)  # noqa: T201 - the answer itself
