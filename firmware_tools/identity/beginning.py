"""The first revision of a fleet: its authority, its broker's certificate, a template to begin with."""

from datetime import datetime
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import Signer, new_authority, pem, serial, sign_broker
from firmware_tools.identity.files import private_folder, remove_folder, write, write_folder
from firmware_tools.identity.inventory import FILE, write_inventory
from firmware_tools.identity.keys import key_pem, new_key
from firmware_tools.identity.records import FORM, Authority, Broker, Inventory, Issued, Name, Reached, checked
from firmware_tools.identity.template import FILE as TEMPLATE
from firmware_tools.identity.template import FIRST
from firmware_tools.identity.transaction import LASTS, MOSQUITTO, Transaction, authority_files, held


class Beginning(Reached):
    """What a fleet is begun with."""

    fleet: Name


def begin(
    fleet: Path, name: str, names: tuple[str, ...], port: int, now: datetime, passphrase: str = ""
) -> Transaction:
    """Begin a fleet.

    Args:
        fleet: its folder; made, or empty, or with a template only.
        name: of the fleet.
        names: by which the broker is reached; devices use the first one.
        port: of the broker.
        now: with its time zone.
        passphrase: for the authority's key; "" for none.

    Raises:
        MistakeError: there is a fleet, or a name cannot be used.
        FirmwareError: something cannot be written; the fleet is not begun.
    """
    private_folder(fleet)
    with held(fleet):
        if (fleet / FILE).exists():
            raise MistakeError(f"{fleet} is a fleet already; name another folder, or use `provision add`")
        wanted = {"fleet": name, "names": names, "port": port}
        reached = checked(Beginning, wanted, "the fleet cannot be begun")
        signer = new_authority(name, 1, now)
        broker_key = new_key()
        certificate = sign_broker(signer, reached.names, broker_key, now, LASTS)
        issued = Issued(serial=serial(certificate), authority=1, until=certificate.not_valid_after_utc)
        inventory = _inventory(reached, issued, signer)
        write_authority(fleet, signer, passphrase)
        remove_folder(fleet / "broker")  # of a beginning that was cut off
        write_folder(fleet / "broker" / "1", {"broker.crt": pem(certificate), "broker.key": key_pem(broker_key)})
        for folder in (MOSQUITTO, "models"):
            private_folder(fleet / folder)
        if not (fleet / TEMPLATE).exists():
            write(fleet / TEMPLATE, FIRST.encode())
        write_inventory(fleet, inventory)
        begun = Transaction(fleet, inventory, (signer,), now, passphrase)
        begun.write_broker()
    return begun


def write_authority(fleet: Path, signer: Signer, passphrase: str) -> None:
    """Keep an authority's key and certificate. Raises FirmwareError."""
    key_file, file = authority_files(fleet, signer.number)
    private_folder(key_file.parent)
    write(key_file, key_pem(signer.key, passphrase))
    write(file, pem(signer.certificate))


def _inventory(reached: Beginning, issued: Issued, signer: Signer) -> Inventory:
    return Inventory(
        v=FORM,
        fleet=reached.fleet,
        revision=1,
        broker=Broker(names=reached.names, port=reached.port, issued=issued, folder=1),
        authorities=(Authority(number=1, until=signer.certificate.not_valid_after_utc),),
        devices=(),
        hosts=(),
        revoked=(),
    )
