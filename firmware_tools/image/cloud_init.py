"""Settings for a system with cloud-init, as Raspberry Pi OS has it since Debian 13: files of the boot partition.

They are those that the official tools write there (NoCloud). Everybody who holds the card can read them; root alone
can on the running device, once the boot partition is mounted with those rights.
"""

import hashlib
from collections.abc import Mapping

import yaml

from firmware_tools.image.cloud_init_settings import SystemSettings, UserSettings

GROUPS = "users,adm,dialout,audio,netdev,video,plugdev,cdrom,games,input,gpio,spi,i2c,render,sudo"
SOURCE = "datasource_list: [NoCloud, None]\ndatasource:\n  NoCloud:\n    seedfrom: file:///boot/firmware\n"
SOURCE_FILE = "/etc/cloud/cloud.cfg.d/98_foresight.cfg"


def cloud_init_files(settings: SystemSettings, hostname: str) -> Mapping[str, bytes]:
    """The files, by name.

    Args:
        settings: what is wanted.
        hostname: of the device.
    """
    files = {"user-data": user_data(settings, hostname)}
    if settings.wifi is not None:
        files["network-config"] = network_config(settings)
    digest = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:16]
    files["meta-data"] = _yaml({"dsmode": "local", "instance-id": f"foresight-{hostname}-{digest}"})
    return {name: text.encode() for name, text in files.items()}


def user_data(settings: SystemSettings, hostname: str) -> str:
    """Who may log in, and what the device is called."""
    told: dict[str, object] = {"hostname": hostname, "manage_etc_hosts": True}
    if settings.timezone:
        told["timezone"] = settings.timezone
    if settings.users:
        told["users"] = [_user(user) for user in settings.users]
    told["ssh_pwauth"] = any(user.password_hash and not user.ssh_keys for user in settings.users)
    return "#cloud-config\n" + _yaml(told)


def network_config(settings: SystemSettings) -> str:
    """Cable and Wi-Fi, as netplan has it."""
    told: dict[str, object] = {"version": 2, "ethernets": {"eth0": {"dhcp4": True, "optional": True}}}
    if wifi := settings.wifi:
        point: dict[str, object] = {"password": wifi.password} if wifi.password else {}
        point |= {"hidden": True} if wifi.hidden else {}
        own = {"dhcp4": True, "optional": True, "regulatory-domain": wifi.country, "access-points": {wifi.ssid: point}}
        told["wifis"] = {"wlan0": own}
    return _yaml({"network": told})


def _user(user: UserSettings) -> dict[str, object]:
    told: dict[str, object] = {"name": user.name, "groups": GROUPS, "shell": "/bin/bash"}
    told["lock_passwd"] = not user.password_hash
    if user.password_hash:
        told["passwd"] = user.password_hash
    if user.ssh_keys:
        told["ssh_authorized_keys"] = list(user.ssh_keys)
    told["sudo"] = "ALL=(ALL) NOPASSWD:ALL"
    return told


def _yaml(told: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(told), sort_keys=False, allow_unicode=False, default_flow_style=False, width=4096)
