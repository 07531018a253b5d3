"""What each may say and hear at the broker, and how the broker is set up: mosquitto's ACL and configuration."""

from collections.abc import Iterator

from edge.contracts.topics import ROOT, group_desired
from firmware_tools.identity.records import Device, Host, Inventory

WHERE = "/etc/mosquitto/foresight"  # on the broker
MARK = "# revision "


def acl(inventory: Inventory) -> str:
    """The access control list: who is not named in it may nothing.

    Who is out of the fleet is not named, so that one who is connected still is cut off from every topic once the
    broker reads its files again, before its certificate is asked for at its next connection.
    """
    lines = [f"# Fleet {inventory.fleet}. Made by `foresight-firmware provision`: changes are lost.", ""]
    for device in inventory.devices:
        lines += [*_of_device(device), ""] if device.issued else []
    for host in inventory.hosts:
        lines += [*_of_host(host), ""] if host.issued else []
    return "\n".join([*lines, f"{MARK}{inventory.revision}", ""])


def revision_of(text: str) -> int:
    """The revision of the inventory that an ACL was made from; 0 where it is not whole."""
    last = text.rstrip().rsplit("\n", 1)[-1]
    number = last.removeprefix(MARK)
    return int(number) if last.startswith(MARK) and number.isdecimal() else 0


def configuration(inventory: Inventory, folder: str = WHERE) -> str:
    """A listener of mosquitto that wants a certificate of the fleet from everybody.

    The certificate's name is user name and client id: nobody can speak for another, nor throw another out by
    connecting under its id. So a certificate is good for one connection at a time.
    """
    lines = (
        f"# Fleet {inventory.fleet}. Made by `foresight-firmware provision`: changes are lost.",
        "per_listener_settings false",
        "allow_anonymous false",
        f"acl_file {folder}/foresight.acl",
        "",
        f"listener {inventory.broker.port}",
        f"cafile {folder}/authority.crt",
        f"certfile {folder}/broker.crt",
        f"keyfile {folder}/broker.key",
        f"crlfile {folder}/revoked.crl",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "tls_version tlsv1.2",
        "",
        "max_packet_size 2000000",
        "max_queued_messages 10000",
        "",
    )
    return "\n".join(lines)


def _of_device(device: Device) -> Iterator[str]:
    yield f"user {device.name}"
    yield f"topic readwrite {ROOT}/{device.name}/#"
    yield f"topic read {group_desired(device.group)}"
    yield f"topic write homeassistant/device/{device.name}/#"
    yield "topic read homeassistant/status"
    for topic in device.reads:
        yield f"topic read {topic}"


def _of_host(host: Host) -> Iterator[str]:
    yield f"user {host.name}"
    yield f"topic readwrite {ROOT}/#"
    yield "topic readwrite homeassistant/#"
