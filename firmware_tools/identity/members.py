"""Devices and hosts of a fleet: put in, given new keys, put out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmware_tools.boards.catalogue import board
from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import pem, serial, sign_client
from firmware_tools.identity.delivery import CA, CERTIFICATE, CONFIG, ENVIRONMENT, KEY, UNIT, UNIT_TEXT, files_of
from firmware_tools.identity.inventory import member, with_members
from firmware_tools.identity.keys import key_pem, new_key
from firmware_tools.identity.records import Device, Host, Inventory, Issued, Member, Reason, Revoked, checked
from firmware_tools.identity.settling import Draft, Template, environment, settle, values_of
from firmware_tools.identity.transaction import LASTS, Transaction

HOST_CA, HOST_CERTIFICATE, HOST_KEY = "authority.crt", "host.crt", "host.key"


@dataclass(frozen=True)
class NewDevice:
    """What a new device is to be, and its own values."""

    name: str
    board: str
    group: str
    reads: tuple[str, ...]
    values: Mapping[str, str]


def add(transaction: Transaction, wanted: Sequence[NewDevice], template: Template) -> Transaction:
    """Put devices in, each with a key of its own, or anew where it had been put out: all of them or none.

    Raises:
        MistakeError: one is in already, a name cannot be used or is there twice, the daemon would not take the
            configuration, or another device has one of its secrets.
        FirmwareError: something could not be written; nothing has changed.
    """
    devices = [_new_device(transaction, one) for one in wanted]
    twice = [name for name, count in Counter(device.name for device in devices).items() if count > 1]
    if twice:
        raise MistakeError(f"{twice[0]} is named twice; each device has a name of its own")
    drafts = [
        Draft(device.model_copy(update={"issued": (issued,)}), one.values, identity)
        for device, one in zip(devices, wanted, strict=True)
        for issued, identity in (_identity(transaction, device.name, (CA, CERTIFICATE, KEY)),)
    ]
    return settle(transaction, drafts, template)


def add_host(transaction: Transaction, name: str) -> Transaction:
    """Put in a program that sees every device. Raises MistakeError, FirmwareError."""
    host = checked(Host, {"name": name, "issued": (), "folder": transaction.next}, f"{name!r} cannot be put in")
    _refuse_present(transaction, host)
    issued, files = _identity(transaction, name, (HOST_CA, HOST_CERTIFICATE, HOST_KEY))
    transaction.stage(f"hosts/{name}", files)
    return transaction.commit(with_members(transaction.inventory, [host.model_copy(update={"issued": (issued,)})]))


def configure(transaction: Transaction, name: str, template: Template, values: Mapping[str, str]) -> Transaction:
    """Give a device another configuration or other values; it keeps its key. Raises MistakeError, FirmwareError."""
    device = _device(transaction, name)
    identity = files_of(transaction.fleet, device, (CA, CERTIFICATE, KEY))
    draft = Draft(device.model_copy(update={"folder": transaction.next}), values, identity)
    return settle(transaction, [draft], template)


def values_now(transaction: Transaction, name: str) -> dict[str, str]:
    """A device's own values as they are. Raises MistakeError."""
    found = files_of(transaction.fleet, _device(transaction, name), (ENVIRONMENT,))
    return values_of(found[ENVIRONMENT], name)


def rotate(transaction: Transaction, name: str) -> Transaction:
    """Give a device or host a new key.

    The certificate before stays good until it is revoked, so that nobody is cut off while the new one is on its way.

    Raises:
        MistakeError: nobody is called so, or it is out of the fleet.
        FirmwareError: something could not be written; nothing has changed.
    """
    found = _present(transaction, name)
    if isinstance(found, Device):
        old = files_of(transaction.fleet, found, (CONFIG, ENVIRONMENT))
        issued, files = _identity(transaction, name, (CA, CERTIFICATE, KEY))
        files[CONFIG], files[UNIT] = old[CONFIG], UNIT_TEXT.encode()
        files[ENVIRONMENT] = environment(transaction.inventory.broker, found, values_of(old[ENVIRONMENT], name))
        transaction.stage(f"devices/{name}", files)
    else:
        issued, files = _identity(transaction, name, (HOST_CA, HOST_CERTIFICATE, HOST_KEY))
        transaction.stage(f"hosts/{name}", files)
    changed = found.model_copy(update={"issued": (*found.issued, issued), "folder": transaction.next})
    return transaction.commit(with_members(transaction.inventory, [changed]))


def revoke(transaction: Transaction, name: str, reason: Reason) -> Transaction:
    """Put a device or host out of the fleet: none of its certificates is good any more, and it has no rights.

    Raises:
        MistakeError: nobody is called so, or it is out already.
        FirmwareError: something could not be written; nothing has changed.
    """
    found = _present(transaction, name)
    return transaction.commit(_revoked(transaction, found, found.issued, reason))


def revoke_old(transaction: Transaction, name: str) -> Transaction:
    """Revoke the certificates that a newer one has replaced. Raises MistakeError, FirmwareError."""
    found = _present(transaction, name)
    if len(found.issued) < 2:
        raise MistakeError(f"{name} has one certificate only, and it is in use; `provision rotate {name}` comes first")
    return transaction.commit(_revoked(transaction, found, found.issued[:-1], "superseded"))


def _revoked(transaction: Transaction, found: Device | Host, old: tuple[Issued, ...], reason: Reason) -> Inventory:
    more = tuple(
        Revoked(serial=one.serial, authority=one.authority, owner=found.name, at=transaction.now, reason=reason)
        for one in old
    )
    left = found.model_copy(update={"issued": found.issued[len(old) :]})
    changed = with_members(transaction.inventory, [left])
    return changed.model_copy(update={"revoked": (*changed.revoked, *more)})


def _new_device(transaction: Transaction, wanted: NewDevice) -> Device:
    board(wanted.board)
    fields: dict[str, object] = {"name": wanted.name, "board": wanted.board, "group": wanted.group}
    fields |= {"reads": wanted.reads, "issued": (), "folder": transaction.next}
    device = checked(Device, fields, f"{wanted.name!r} cannot be put in")
    _refuse_present(transaction, device)
    return device


def _identity(transaction: Transaction, name: str, files: tuple[str, str, str]) -> tuple[Issued, dict[str, bytes]]:
    """A certificate for a new key, and the files of both, named in this order: authorities, certificate, key."""
    key = new_key()
    certificate = sign_client(transaction.signer, name, key, transaction.now, LASTS)
    until = certificate.not_valid_after_utc
    issued = Issued(serial=serial(certificate), authority=transaction.signer.number, until=until)
    return issued, dict(zip(files, (transaction.trusted, pem(certificate), key_pem(key)), strict=True))


def _present(transaction: Transaction, name: str) -> Device | Host:
    found = member(transaction.inventory, name)
    if not found.issued:
        raise MistakeError(f"{name} is out of the fleet; `provision add` or `provision host` brings it back")
    return found


def _device(transaction: Transaction, name: str) -> Device:
    found = _present(transaction, name)
    if not isinstance(found, Device):
        raise MistakeError(f"{name} is a host, and hosts have no configuration here")
    return found


def _refuse_present(transaction: Transaction, wanted: Member) -> None:
    there = next((one for one in transaction.inventory.members if one.name == wanted.name), None)
    if there and (there.issued or type(there) is not type(wanted)):
        kind = "device" if isinstance(there, Device) else "host"
        raise MistakeError(f"a {kind} is called {wanted.name} already; `provision rotate` gives it a new key")
