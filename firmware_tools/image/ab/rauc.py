"""What RAUC is told: the slots of the device, and what a bundle holds."""

from firmware_tools.image.ab.layout import SLOTS

BACKEND = "usr/lib/foresight/boot-slots"
KEYRING = "etc/rauc/keyring.pem"
SYSTEM_CONF = "etc/rauc/system.conf"
SYSTEM_IMAGE, BOOT_IMAGE, HOOK = "system.ext4", "boot.vfat", "hook"


def compatible(board: str) -> str:
    """A bundle is for the devices that call themselves so."""
    return f"foresight-{board}"


def system_conf(board: str) -> str:
    """RAUC's configuration of a device.

    A bundle is checked as of when it was signed: boards without a clock think that it is 1970. Bundles of the format
    `plain` are refused, so that every block is checked when it is read.
    """
    slots = "".join(_slot(number, name, ending) for number, (name, ending) in enumerate(SLOTS.items()))
    return f"""[system]
compatible={compatible(board)}
bootloader=custom
bundle-formats=-plain
statusfile=/data/rauc/status
mountprefix=/run/rauc

[handlers]
bootloader-custom-backend=/{BACKEND}

[keyring]
path=/{KEYRING}
use-bundle-signing-time=true
check-purpose=codesign
{slots}"""


def manifest(board: str, version: str, hook: str = HOOK) -> str:
    """What a bundle says of itself; `hook` is the file that tells a boot partition which slot it is in, or ""."""
    hooks = f"[hooks]\nfilename={hook}\n\n" if hook else ""
    installed = "hooks=post-install\n" if hook else ""
    return f"""[update]
compatible={compatible(board)}
version={version}

[bundle]
format=verity

{hooks}[image.rootfs]
filename={SYSTEM_IMAGE}

[image.boot]
filename={BOOT_IMAGE}
{installed}"""


def _slot(number: int, name: str, ending: str) -> str:
    return f"""
[slot.rootfs.{number}]
device=/dev/disk/by-partlabel/system_{ending}
type=ext4
bootname={name}

[slot.boot.{number}]
device=/dev/disk/by-partlabel/boot_{ending}
type=vfat
parent=rootfs.{number}
"""
