"""What the settings of the operating system come to in a given image: files of its boot and its root partition."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image import ext4
from firmware_tools.image.cloud_init import SOURCE, SOURCE_FILE, cloud_init_files
from firmware_tools.image.cloud_init_none import FIRST_USER, Plain, plain_files
from firmware_tools.image.cloud_init_settings import SystemSettings
from firmware_tools.image.ext4_tree import Owners
from firmware_tools.image.layout_official import Official
from firmware_tools.image.payload import WANTS, put, put_link

SSH_UNIT = "/usr/lib/systemd/system/ssh.service"
RADIO = "/var/lib/systemd/rfkill"  # whether Wi-Fi is off, a file for each chip
ZONES = "/usr/share/zoneinfo"


@dataclass(frozen=True)
class System:
    """Files that set the operating system up.

    Attributes:
        boot: of the boot partition, by name.
        files: of the root, by path, with their modes.
        links: symbolic ones of the root, by path.
        owners: user and group of what is not root's.
        cmdline: words for the kernel's command line.
    """

    boot: Mapping[str, bytes]
    files: Mapping[str, tuple[bytes, int]]
    links: Mapping[str, str]
    owners: Owners
    cmdline: tuple[str, ...]

    def stage(self, root: Path) -> None:
        """Write those of the root into a folder that stands for it."""
        for place, (data, mode) in self.files.items():
            put(root, place, data, mode)
        for place, target in self.links.items():
            put_link(root, place, target)
        for place in self.owners:
            if (path := root / place.lstrip("/")).is_dir():
                path.chmod(0o700)


def system_of(settings: SystemSettings, hostname: str, found: Official, work: Path) -> System:
    """Raises MistakeError: something is wanted that this image cannot do."""
    zone = Path(ZONES, settings.timezone)
    there = ext4.listings(found.root, (str(zone.parent), str(Path(SSH_UNIT).parent), RADIO, "/home"), work / "asked")
    if settings.timezone and zone.name not in there.get(str(zone.parent), {}):
        raise MistakeError(f"the image knows no time zone {settings.timezone}; write it as Europe/Berlin")
    files: dict[str, tuple[bytes, int]] = {}
    links: dict[str, str] = {}
    if settings.ssh:
        if Path(SSH_UNIT).name not in there.get(str(Path(SSH_UNIT).parent), {}):
            raise MistakeError("the image has no SSH server; leave out `ssh: true`")
        links[f"{WANTS}/ssh.service"] = SSH_UNIT
    if settings.wifi:
        radios = [name for name in there.get(RADIO, {}) if name.endswith(":wlan")]
        files |= {f"{RADIO}/{name}": (b"0\n", 0o644) for name in radios}
    boot: dict[str, bytes] = {"ssh": b""} if settings.ssh else {}
    words = (f"cfg80211.ieee80211_regdom={settings.wifi.country}",) if settings.wifi else ()
    if found.cloud_init:
        files[SOURCE_FILE] = (SOURCE.encode(), 0o644)
        return System({**boot, **cloud_init_files(settings, hostname)}, files, links, {}, words)
    plain = plain_files(settings, hostname)
    keys, owners = _keys(plain, there.get("/home", {}))
    return System({**boot, **plain.boot}, {**files, **plain.files, **keys}, {**links, **plain.links}, owners, words)


def _keys(plain: Plain, homes: Mapping[str, ext4.Entry]) -> tuple[dict[str, tuple[bytes, int]], Owners]:
    """The first user's keys, in the home that is moved when userconf.txt is read."""
    if not plain.authorized_keys:
        return {}, {}
    if FIRST_USER not in homes:
        raise MistakeError(f"the image has no home of a user {FIRST_USER}, so keys have no place; use a password_hash")
    folder = f"/home/{FIRST_USER}/.ssh"
    owner = (homes[FIRST_USER].owner, homes[FIRST_USER].group)
    return {f"{folder}/authorized_keys": (plain.authorized_keys.encode(), 0o600)}, dict.fromkeys(
        (folder, f"{folder}/authorized_keys"), owner
    )
