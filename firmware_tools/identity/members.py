"""Devices and hosts of a fleet: put in, given new keys, put out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.boards.catalogue import board
from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import pem, serial, sign_client
from firmware_tools.identity.delivery import CA, CERTIFICATE, CONFIG, ENVIRONMENT, KEY, UNIT, UNIT_TEXT, given
from firmware_tools.identity.files import remove_folder
from firmware_tools.identity.inventory import member, with_member
from firmware_tools.identity.keys import key_pem, new_key
from firmware_tools.identity.records import Device, Host, Inventory, Issued, Member, Reason, Revoked, checked
from firmware_tools.identity.settling import environment, refuse_unsettled, values_of
from firmware_tools.identity.workshop import LASTS, Workshop

HOST_CA, HOST_CERTIFICATE, HOST_KEY = "authority.crt", "host.crt", "host.key"


@dataclass(frozen=True)
class Asked:
    """What a new device is to be."""

    name: str
    board: str
    group: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """What a device is to run: its configuration's text and path, and its own values."""

    text: str
    path: Path
    values: Mapping[str, str]


def add(workshop: Workshop, asked: Asked, settled: Settled) -> Workshop:
    """Put a device in, with a key of its own, or anew where it had been put out.

    Raises:
        MistakeError: it is in already, a name cannot be used, the daemon would not take the configuration, or another
            device has one of its secrets.
        FirmwareError: something could not be written; nothing has changed.
    """
    board(asked.board)
    fields: dict[str, object] = {"name": asked.name, "board": asked.board, "group": asked.group, "reads": asked.reads}
    fields |= {"issued": (), "folder": workshop.next}
    device = checked(Device, fields, f"{asked.name!r} cannot be put in")
    _refuse_present(workshop, device)
    issued, identity = _identity(workshop, device.name, (CA, CERTIFICATE, KEY))
    return _settle(workshop, device.model_copy(update={"issued": (issued,)}), settled, identity)


def add_host(workshop: Workshop, name: str) -> Workshop:
    """Put in a program that sees every device. Raises MistakeError, FirmwareError."""
    host = checked(Host, {"name": name, "issued": (), "folder": workshop.next}, f"{name!r} cannot be put in")
    _refuse_present(workshop, host)
    issued, files = _identity(workshop, name, (HOST_CA, HOST_CERTIFICATE, HOST_KEY))
    workshop.stage(f"hosts/{name}", files)
    return workshop.commit(with_member(workshop.inventory, host.model_copy(update={"issued": (issued,)})))


def configure(workshop: Workshop, name: str, settled: Settled) -> Workshop:
    """Give a device another configuration or other values; it keeps its key. Raises MistakeError, FirmwareError."""
    device = _device(workshop, name)
    identity = given(workshop.fleet, workshop.inventory, device, (CA, CERTIFICATE, KEY))
    return _settle(workshop, device.model_copy(update={"folder": workshop.next}), settled, identity)


def values_now(workshop: Workshop, name: str) -> dict[str, str]:
    """A device's own values as they are. Raises MistakeError."""
    found = given(workshop.fleet, workshop.inventory, _device(workshop, name), (ENVIRONMENT,))
    return values_of(found[ENVIRONMENT], name)


def rotate(workshop: Workshop, name: str) -> Workshop:
    """Give a device or host a new key.

    The certificate before stays good until it is revoked, so that nobody is cut off while the new one is on its way.

    Raises:
        MistakeError: nobody is called so, or it is out of the fleet.
        FirmwareError: something could not be written; nothing has changed.
    """
    found = _present(workshop, name)
    if isinstance(found, Device):
        old = given(workshop.fleet, workshop.inventory, found, (CONFIG, ENVIRONMENT))
        issued, files = _identity(workshop, name, (CA, CERTIFICATE, KEY))
        files[CONFIG], files[UNIT] = old[CONFIG], UNIT_TEXT.encode()
        files[ENVIRONMENT] = environment(workshop.inventory.broker, found, values_of(old[ENVIRONMENT], name))
        workshop.stage(f"devices/{name}", files)
    else:
        issued, files = _identity(workshop, name, (HOST_CA, HOST_CERTIFICATE, HOST_KEY))
        workshop.stage(f"hosts/{name}", files)
    changed = found.model_copy(update={"issued": (*found.issued, issued), "folder": workshop.next})
    return workshop.commit(with_member(workshop.inventory, changed))


def revoke(workshop: Workshop, name: str, reason: Reason) -> Workshop:
    """Put a device or host out of the fleet: none of its certificates is good any more, and it has no rights.

    Raises:
        MistakeError: nobody is called so, or it is out already.
        FirmwareError: something could not be written; nothing has changed.
    """
    found = _present(workshop, name)
    return workshop.commit(_revoked(workshop, found, found.issued, reason))


def revoke_old(workshop: Workshop, name: str) -> Workshop:
    """Revoke the certificates that a newer one has replaced. Raises MistakeError, FirmwareError."""
    found = _present(workshop, name)
    if len(found.issued) < 2:
        raise MistakeError(f"{name} has one certificate only, and it is in use; `provision rotate {name}` comes first")
    return workshop.commit(_revoked(workshop, found, found.issued[:-1], "superseded"))


def _revoked(workshop: Workshop, found: Device | Host, old: tuple[Issued, ...], reason: Reason) -> Inventory:
    more = tuple(
        Revoked(serial=one.serial, authority=one.authority, owner=found.name, at=workshop.now, reason=reason)
        for one in old
    )
    left = found.model_copy(update={"issued": found.issued[len(old) :]})
    changed = with_member(workshop.inventory, left)
    return changed.model_copy(update={"revoked": (*changed.revoked, *more)})


def _settle(workshop: Workshop, device: Device, settled: Settled, identity: Mapping[str, bytes]) -> Workshop:
    files = {
        **identity,
        CONFIG: settled.text.encode(),
        ENVIRONMENT: environment(workshop.inventory.broker, device, settled.values),
        UNIT: UNIT_TEXT.encode(),
    }
    folder = workshop.stage(f"devices/{device.name}", files)
    try:
        refuse_unsettled(workshop, device, settled.path, folder, settled.values)
        return workshop.commit(with_member(workshop.inventory, device))
    except MistakeError:
        remove_folder(folder)
        raise


def _identity(workshop: Workshop, name: str, files: tuple[str, str, str]) -> tuple[Issued, dict[str, bytes]]:
    """A certificate for a new key, and the files of both, named in this order: authorities, certificate, key."""
    key = new_key()
    certificate = sign_client(workshop.signer, name, key, workshop.now, LASTS)
    until = certificate.not_valid_after_utc
    issued = Issued(serial=serial(certificate), authority=workshop.signer.number, until=until)
    return issued, dict(zip(files, (workshop.trusted, pem(certificate), key_pem(key)), strict=True))


def _present(workshop: Workshop, name: str) -> Device | Host:
    found = member(workshop.inventory, name)
    if not found.issued:
        raise MistakeError(f"{name} is out of the fleet; `provision add` or `provision host` brings it back")
    return found


def _device(workshop: Workshop, name: str) -> Device:
    found = _present(workshop, name)
    if not isinstance(found, Device):
        raise MistakeError(f"{name} is a host, and hosts have no configuration here")
    return found


def _refuse_present(workshop: Workshop, wanted: Member) -> None:
    there = next((one for one in workshop.inventory.members if one.name == wanted.name), None)
    if there and (there.issued or type(there) is not type(wanted)):
        kind = "device" if isinstance(there, Device) else "host"
        raise MistakeError(f"a {kind} is called {wanted.name} already; `provision rotate` gives it a new key")
