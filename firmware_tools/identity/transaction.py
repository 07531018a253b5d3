"""A fleet that is being changed: locked, read, its authorities at hand; and the one way in which a change is made.

New files go to a folder of their own that nothing names yet. Then the inventory is replaced, which is the change. What
follows from it (the broker's files, the removal of old folders) is made anew by the next change if it was cut off.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from edge.contracts.errors import EdgeError
from edge.contracts.files import unfinished
from edge.contracts.locking import HeldError, locked
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity.certificates import Signer, pem, read_certificate, revocation_list
from firmware_tools.identity.files import (
    contents,
    private_folder,
    read,
    read_private,
    refuse_open,
    remove_folder,
    write,
    write_folder,
)
from firmware_tools.identity.inventory import parsed, read_inventory, write_inventory
from firmware_tools.identity.keys import is_protected, read_key
from firmware_tools.identity.records import Inventory
from firmware_tools.identity.rights import acl, configuration

WAIT_S = 30.0  # for another change of the same fleet
LASTS = timedelta(days=3 * 365)  # certificates of devices, hosts and brokers
KINDS = ("devices", "hosts")
MOSQUITTO = "mosquitto"
Ask = Callable[[], str]


@dataclass(frozen=True)
class Transaction:
    """A fleet while its lock is held.

    Attributes:
        fleet: its folder.
        inventory: as it is on disk.
        signers: its authorities, oldest first.
        now: the time that all of one change is made at.
        passphrase: of the authorities' keys; "" where they have none.
    """

    fleet: Path
    inventory: Inventory
    signers: tuple[Signer, ...]
    now: datetime
    passphrase: str = field(repr=False)

    @property
    def next(self) -> int:
        """The revision that a change makes, and the name of folders that are made for it."""
        return self.inventory.revision + 1

    @property
    def signer(self) -> Signer:
        """Who signs what is new."""
        return self.signers[-1]

    @property
    def trusted(self) -> bytes:
        """The certificates of all authorities, PEM."""
        return b"".join(pem(signer.certificate) for signer in self.signers)

    def stage(self, owner: str, files: Mapping[str, bytes]) -> Path:
        """A folder of the next revision that nothing names yet, of `broker`, say. Raises FirmwareError."""
        folder = self.fleet / owner / str(self.next)
        write_folder(folder, files)
        return folder

    def commit(self, changed: Inventory) -> "Transaction":
        """Make a change: from here on it is so, and the broker's files follow.

        Raises:
            MistakeError: the inventory would contradict itself; nothing has changed.
            FirmwareError: it could not be written; the message says whether the change was made.
        """
        whole = changed.model_copy(update={"revision": self.next})
        write_inventory(self.fleet, parsed(whole.model_dump_json().encode(), "the inventory"))
        signers = tuple(signer for signer in self.signers if signer.number in {one.number for one in whole.authorities})
        after = replace(self, inventory=whole, signers=signers)
        try:
            after.write_broker()
        except FirmwareError as error:
            raise FirmwareError(
                f"the change is made, but not for the broker yet: {error}; then `provision broker`"
            ) from error
        sweep(self.fleet, whole)
        return after

    def write_broker(self) -> None:
        """Make the files for the broker, from the inventory; its ACL last, for that tells which revision all are of."""
        folder = self.fleet / "broker" / str(self.inventory.broker.folder)
        made = contents(folder, "give the broker another key: provision broker --renew")
        lists = (
            revocation_list(one, self.inventory.revision, self.inventory.revoked, self.now) for one in self.signers
        )
        files = {
            **made,
            "authority.crt": self.trusted,
            "revoked.crl": b"".join(lists),
            "foresight.conf": configuration(self.inventory).encode(),
            "foresight.acl": acl(self.inventory).encode(),
        }
        folder = self.fleet / MOSQUITTO
        if not folder.exists():
            private_folder(folder)
        for name, data in files.items():
            write(folder / name, data)


@contextmanager
def opened(fleet: Path, ask: Ask, now: datetime, wait_s: float = WAIT_S) -> Iterator[Transaction]:
    """Hold a fleet's lock while it is changed.

    Args:
        fleet: its folder.
        ask: for the passphrase, where the authorities' keys have one.
        now: with its time zone.
        wait_s: for another change that is going on.

    Raises:
        MistakeError: it is no fleet, damaged, open to others, or the passphrase is not the right one.
        FirmwareError: another change goes on for all that time.
    """
    read_inventory(fleet)  # before anything is written into a folder that is no fleet
    refuse_open(fleet)
    with held(fleet, wait_s):
        inventory = read_inventory(fleet)
        sweep(fleet, inventory)
        passphrase = ask() if any(map(is_protected, _key_files(fleet, inventory))) else ""
        yield Transaction(fleet, inventory, _signers(fleet, inventory, passphrase), now, passphrase)


@contextmanager
def held(fleet: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """The lock of a fleet. Raises FirmwareError."""
    try:
        with locked(fleet / ".lock", wait_s):
            yield
    except HeldError as error:
        raise FirmwareError(f"the fleet {fleet} is being changed by another command: {error}; try again") from error
    except EdgeError:
        raise
    except OSError as error:
        raise FirmwareError(f"the fleet {fleet} cannot be changed: {error.strerror or error}") from error


def sweep(fleet: Path, inventory: Inventory) -> None:
    """Delete what no inventory names any more, or not yet: folders of changes that were cut off or are over."""
    kept = {fleet / "broker" / str(inventory.broker.folder)}
    for kind, members in zip(KINDS, (inventory.devices, inventory.hosts), strict=True):
        kept |= {fleet / kind / one.name / str(one.folder) for one in members if one.issued}
    for folder in (fleet, fleet / MOSQUITTO, fleet / "authority"):
        for path in unfinished(folder, lambda _: True):
            path.unlink(missing_ok=True)
    made = [*fleet.glob("devices/*/*"), *fleet.glob("hosts/*/*"), *fleet.glob("broker/*")]
    for folder in made:
        if folder not in kept and folder.name.isdecimal():
            remove_folder(folder)


def authority_files(fleet: Path, number: int) -> tuple[Path, Path]:
    """Where an authority's key and certificate are."""
    return fleet / "authority" / f"{number}.key", fleet / "authority" / f"{number}.crt"


def _key_files(fleet: Path, inventory: Inventory) -> list[bytes]:
    paths = [authority_files(fleet, one.number)[0] for one in inventory.authorities]
    for path in paths:
        if not path.exists():
            raise MistakeError(
                f"{path} is not there; bring it back from a copy of the fleet, nothing else signs for it"
            )
    return [read_private(path) for path in paths]


def _signers(fleet: Path, inventory: Inventory, passphrase: str) -> tuple[Signer, ...]:
    signers = []
    for authority, data in zip(inventory.authorities, _key_files(fleet, inventory), strict=True):
        key_file, file = authority_files(fleet, authority.number)
        key = read_key(data, passphrase if is_protected(data) else "", str(key_file))
        certificate = read_certificate(read(file), str(file))
        if certificate.public_key() != key.public_key():
            raise MistakeError(f"{key_file} is not the key of {file}; bring both back from one copy of the fleet")
        signers.append(Signer(certificate, key, authority.number))
    return tuple(signers)
