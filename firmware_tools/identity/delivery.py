"""What a device is given, and where that lies on it: for whoever writes images or copies files by hand."""

from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.files import contents
from firmware_tools.identity.inventory import member, read_inventory
from firmware_tools.identity.records import Device, Host, Inventory

ETC = "/etc/foresight"
MODELS_FOLDER = f"{ETC}/models"
# Where systemd puts what `LoadCredential=` names: the service's own user may not read root's files.
CREDENTIALS = "/run/credentials/foresight.service"
CONFIG, ENVIRONMENT, UNIT = "foresight.yaml", "environment", "identity.conf"
CA, CERTIFICATE, KEY = "identity/authority.crt", "identity/device.crt", "identity/device.key"
PLACES: dict[str, tuple[str, int]] = {
    CONFIG: (f"{ETC}/foresight.yaml", 0o644),
    ENVIRONMENT: (f"{ETC}/environment", 0o600),
    CA: (f"{ETC}/{CA}", 0o600),
    CERTIFICATE: (f"{ETC}/{CERTIFICATE}", 0o600),
    KEY: (f"{ETC}/{KEY}", 0o600),
    UNIT: ("/etc/systemd/system/foresight.service.d/identity.conf", 0o644),
}
UNIT_TEXT = "".join(
    (
        "# Root's own files, handed to the service and to nobody else.\n[Service]\n",
        *(f"LoadCredential={Path(name).name}:{PLACES[name][0]}\n" for name in (CA, CERTIFICATE, KEY)),
    )
)


@dataclass(frozen=True)
class Delivered:
    """One file of a device, root's own.

    Attributes:
        source: in the fleet's folder.
        place: on the device.
        mode: of the file there; folders that hold a secret are 0700.
    """

    source: Path
    place: str
    mode: int


def folder_of(fleet: Path, inventory: Inventory, name: str) -> Path:
    """Where the files of a device or host are. Raises MistakeError."""
    return folder_of_member(fleet, member(inventory, name))


def folder_of_member(fleet: Path, found: Device | Host) -> Path:
    """The same of one that was found."""
    kind = "devices" if isinstance(found, Device) else "hosts"
    return fleet / kind / found.name / str(found.folder)


def delivered(fleet: Path, name: str) -> tuple[Delivered, ...]:
    """All files of a device.

    Raises:
        MistakeError: there is no such device, it is out of the fleet, or files of it are missing.
    """
    inventory = read_inventory(fleet)
    found = member(inventory, name)
    if not isinstance(found, Device) or not found.issued:
        what = "is out of the fleet" if isinstance(found, Device) else "is a host, no device"
        raise MistakeError(f"{name} {what}; `provision list` shows who is in it")
    files_of(fleet, found, tuple(PLACES))
    folder = folder_of_member(fleet, found)
    return tuple(Delivered(folder / file, place, mode) for file, (place, mode) in PLACES.items())


def files_of(fleet: Path, device: Device, names: tuple[str, ...]) -> dict[str, bytes]:
    """Some of the files of a device. Raises MistakeError: one is missing."""
    folder = folder_of_member(fleet, device)
    there = contents(folder, f"put the device out and in again: provision revoke {device.name}, provision add")
    missing = [name for name in names if name not in there]
    if missing:
        remedy = f"provision configure {device.name} --values FILE"
        if "identity/" in missing[0]:
            remedy = f"give the device a new key: provision rotate {device.name}"
        raise MistakeError(f"{folder / missing[0]} is missing; bring it back from a copy, or {remedy}")
    return {name: there[name] for name in names}
