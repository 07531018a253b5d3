"""A fleet in a folder, and a real broker that is set up by nothing but the files that provisioning makes for it."""

import signal
from datetime import UTC, datetime
from pathlib import Path

from firmware_tools.identity import authorities, members
from firmware_tools.identity.beginning import begin
from firmware_tools.identity.inventory import member, read_inventory
from firmware_tools.identity.rights import configuration
from firmware_tools.identity.settling import Template
from firmware_tools.identity.template import FILE
from firmware_tools.identity.transaction import Transaction, opened
from tests.rigs.broker import Broker

NOW = datetime.now(UTC).replace(microsecond=0)


def nobody() -> str:
    raise AssertionError("nobody is to be asked for a passphrase")


def begun(fleet: Path, port: int = 8883) -> Transaction:
    return begin(fleet, "home", ("localhost", "127.0.0.1"), port, NOW)


def add(fleet: Path, name: str, values: dict[str, str] | None = None, board: str = "pi4") -> Path:
    """A device, put in with the fleet's template; its folder."""
    template = fleet / FILE
    device = members.NewDevice(name, board, "all", (), values or {})
    with opened(fleet, nobody, NOW) as transaction:
        members.add(transaction, [device], Template(template.read_text(), template))
    return folder(fleet, name)


def add_host(fleet: Path, name: str) -> Path:
    with opened(fleet, nobody, NOW) as transaction:
        members.add_host(transaction, name)
    return folder(fleet, name)


def rotate(fleet: Path, name: str) -> Path:
    with opened(fleet, nobody, NOW) as transaction:
        members.rotate(transaction, name)
    return folder(fleet, name)


def revoke(fleet: Path, name: str, old: bool = False) -> None:
    with opened(fleet, nobody, NOW) as transaction:
        if old:
            members.revoke_old(transaction, name)
        else:
            members.revoke(transaction, name, "key_compromise")


def renew(transaction: Transaction) -> Transaction:
    """Another key and certificate for the broker."""
    return authorities.renew_broker(transaction, ("localhost", "127.0.0.1"), transaction.inventory.broker.port)


def prepared(fleet: Path) -> Path:
    """A fleet of a host, `collector`, and a device with a password for its camera, `shed`."""
    begun(fleet)
    text = (fleet / FILE).read_text()
    (fleet / FILE).write_text(text.replace("/dev/video0", "rtsp://user:${FORESIGHT_DOOR_PASSWORD}@door.lan/1"))
    add_host(fleet, "collector")
    add(fleet, "shed", {"FORESIGHT_DOOR_PASSWORD": "hunter2"})
    return fleet


def folder(fleet: Path, name: str) -> Path:
    """Where the certificate and key of a device or host are now."""
    revision = str(member(read_inventory(fleet), name).folder)
    host = fleet / "hosts" / name / revision
    return host if host.is_dir() else fleet / "devices" / name / revision / "identity"


class FleetBroker(Broker):
    """A broker for a fleet that is begun, for its port, when this is entered."""

    def __init__(self, fleet: Path) -> None:
        super().__init__()
        self.fleet = fleet

    def reload(self) -> None:
        """Have it read its files again, as `systemctl reload` does."""
        self._signal(signal.SIGHUP)

    def _configure(self) -> None:
        begun(self.fleet, self.port)
        self._config = self.folder / "mosquitto.conf"
        made = configuration(read_inventory(self.fleet), str(self.fleet / "mosquitto"))
        self._config.write_text(f"{made}\nlog_type none\nuser root\n")
