"""Settings for a system without cloud-init, as Raspberry Pi OS was up to Debian 12: each in the place that it had.

`userconf.txt` on the boot partition names the first user, who takes the place of `pi`; the rest are files of the root.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from firmware_tools.errors import MistakeError
from firmware_tools.image.cloud_init_settings import SystemSettings, WifiSettings

CONNECTION = "/etc/NetworkManager/system-connections/foresight.nmconnection"
NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs, RFC 9562
FIRST_USER = "pi"  # as the image calls it, until userconf.txt is read
NO_LOGIN = "*"  # what no password hashes to
HOSTS = """\
127.0.0.1\tlocalhost
::1\t\tlocalhost ip6-localhost ip6-loopback
ff02::1\t\tip6-allnodes
ff02::2\t\tip6-allrouters
"""


@dataclass(frozen=True)
class Plain:
    """What is written where there is no cloud-init.

    Attributes:
        boot: files of the boot partition, by name.
        files: of the root file system, by path, with their modes; root's own.
        links: symbolic ones, by path.
        authorized_keys: of the first user; empty for none.
    """

    boot: Mapping[str, bytes]
    files: Mapping[str, tuple[bytes, int]]
    links: Mapping[str, str]
    authorized_keys: str


def plain_files(settings: SystemSettings, hostname: str) -> Plain:
    """Raises MistakeError: something is wanted that cannot be done there."""
    if len(settings.users) > 1:
        raise MistakeError(
            f"this image has no cloud-init and knows one user; leave out all but {settings.users[0].name}"
        )
    boot: dict[str, bytes] = {}
    files: dict[str, tuple[bytes, int]] = {
        "/etc/hostname": (f"{hostname}\n".encode(), 0o644),
        "/etc/hosts": (f"{HOSTS}\n127.0.1.1\t{hostname}\n".encode(), 0o644),
    }
    links, keys = {}, ""
    for user in settings.users:
        boot["userconf.txt"] = f"{user.name}:{user.password_hash or NO_LOGIN}\n".encode()
        keys = "".join(f"{key}\n" for key in user.ssh_keys)
    if settings.timezone:
        files["/etc/timezone"] = (f"{settings.timezone}\n".encode(), 0o644)
        links["/etc/localtime"] = f"/usr/share/zoneinfo/{settings.timezone}"
    if settings.wifi is not None:
        files[CONNECTION] = (_connection(settings.wifi).encode(), 0o600)
    return Plain(boot, files, links, keys)


def _connection(wifi: WifiSettings) -> str:
    """A key file of NetworkManager."""
    lines = ["[connection]", "id=foresight", f"uuid={uuid5(NAMESPACE, 'https://foresight/wifi/' + wifi.ssid)}"]
    lines += ["type=wifi", "", "[wifi]", "mode=infrastructure"]
    lines += ["ssid=" + "".join(f"{byte};" for byte in wifi.ssid.encode())]
    lines += ["hidden=true"] if wifi.hidden else []
    if wifi.password:
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={_escaped(wifi.password)}"]
    return "\n".join([*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def _escaped(text: str) -> str:
    """As GLib's key files want it: a backslash is doubled, a blank at the beginning is written out."""
    doubled = text.replace("\\", "\\\\")
    return "\\s" + doubled[1:] if doubled.startswith(" ") else doubled
