"""What is ours in the root file system: units, RAUC, networks, and the folders that `data` is laid over."""

from dataclasses import dataclass
from importlib.resources import files

from firmware_tools.identity.delivery import PLACES, UNIT, UNIT_TEXT
from firmware_tools.image.ab.entries import Entry, Kind, Tree, folder, link, put, text
from firmware_tools.image.ab.rauc import BACKEND, KEYRING, SYSTEM_CONF, system_conf
from firmware_tools.image.payload import deployed

USER, USER_ID = "foresight", 820  # its number is the same in both systems: it owns files on `data`
UNITS = "etc/systemd/system"
# From deploy/, by where it lies on the device.
DEPLOYED: dict[str, tuple[str, int]] = {
    f"{UNITS}/foresight.service": ("systemd/foresight.service", 0o644),
    f"{UNITS}/foresight.service.d/system.conf": ("systemd/foresight.service.d/system.conf", 0o644),
    f"{UNITS}/foresight-tryboot.path": ("systemd/foresight-tryboot.path", 0o644),
    f"{UNITS}/foresight-tryboot.service": ("systemd/foresight-tryboot.service", 0o644),
    f"{UNITS}/foresight-reboot.path": ("systemd/foresight-reboot.path", 0o644),
    f"{UNITS}/foresight-reboot.service": ("systemd/foresight-reboot.service", 0o644),
    f"{UNITS}/foresight-trial.timer": ("systemd/foresight-trial.timer", 0o644),
    f"{UNITS}/foresight-trial.service": ("systemd/foresight-trial.service", 0o644),
    "etc/systemd/system.conf.d/foresight.conf": ("systemd/watchdog.conf", 0o644),
    "usr/lib/foresight/trial": ("systemd/trial", 0o755),
    "usr/lib/sysusers.d/foresight.conf": ("sysusers.d/foresight.conf", 0o644),
    "etc/dbus-1/system.d/foresight-rauc.conf": ("dbus/foresight-rauc.conf", 0o644),
    "etc/udev/rules.d/60-foresight-coral.rules": ("udev/60-foresight-coral.rules", 0o644),
}
# From the folder `files` beside this module.
OWN: dict[str, tuple[str, int]] = {
    BACKEND: ("boot-slots", 0o755),
    "etc/fstab": ("fstab", 0o644),
    "etc/systemd/journald.conf.d/foresight.conf": ("journald.conf", 0o644),
    "etc/systemd/system.conf.d/foresight-patience.conf": ("patience.conf", 0o644),
    f"{UNITS}/emergency.service.d/foresight.conf": ("emergency.conf", 0o644),
    "etc/systemd/network/80-foresight.network": ("any.network", 0o644),
    "etc/systemd/system/systemd-networkd-wait-online.service.d/foresight.conf": ("wait-online.conf", 0o644),
    f"{UNITS}/foresight-wifi.service": ("foresight-wifi.service", 0o644),
}
ENABLED: dict[str, tuple[str, ...]] = {
    "multi-user.target.wants": (
        f"/{UNITS}/foresight.service",
        f"/{UNITS}/foresight-tryboot.path",
        f"/{UNITS}/foresight-reboot.path",
        "/usr/lib/systemd/system/systemd-networkd.service",
    ),
    "sys-subsystem-net-devices-wlan0.device.wants": (f"/{UNITS}/foresight-wifi.service",),
    "timers.target.wants": (f"/{UNITS}/foresight-trial.timer",),
    "sockets.target.wants": ("/usr/lib/systemd/system/systemd-networkd.socket",),
    "sysinit.target.wants": (
        "/usr/lib/systemd/system/systemd-resolved.service",
        "/usr/lib/systemd/system/systemd-timesyncd.service",
    ),
    "network-online.target.wants": ("/usr/lib/systemd/system/systemd-networkd-wait-online.service",),
}
# Of Debian's, what a file system that is only read, or a device that nobody logs in to, has no use for.
NOT_ENABLED = (
    f"{UNITS}/multi-user.target.wants/e2scrub_reap.service",
    f"{UNITS}/multi-user.target.wants/wpa_supplicant.service",
    f"{UNITS}/timers.target.wants/dpkg-db-backup.timer",
    f"{UNITS}/timers.target.wants/e2scrub_all.timer",
    "etc/.pwd.lock",
    "etc/.resolv.conf.systemd-resolved.bak",
)
PLACED_OVER = ("data", "etc/foresight", "var/lib/foresight", "var/lib/foresight-trial", "var/lib/systemd", "var/log")


@dataclass(frozen=True)
class Identity:
    """What a system says of itself.

    Attributes:
        board: by name.
        version: of the system, as the release of its bundle has it.
        keyring: certificates of whoever signs bundles for it, PEM.
    """

    board: str
    version: str
    keyring: bytes


def settle_system(tree: Tree, identity: Identity) -> None:
    """Lay what is ours over a Debian. Raises MistakeError: a file is missing."""
    own = files("firmware_tools.image.ab").joinpath("files")
    for place in PLACED_OVER:
        put(tree, place, folder())
    for path, (name, mode) in DEPLOYED.items():
        put(tree, path, Entry(Kind.FILE, mode, deployed(name)))
    for path, (name, mode) in OWN.items():
        put(tree, path, Entry(Kind.FILE, mode, own.joinpath(name).read_bytes()))
    put(tree, PLACES[UNIT][0], text(UNIT_TEXT))
    put(tree, SYSTEM_CONF, text(system_conf(identity.board)))
    put(tree, KEYRING, Entry(Kind.FILE, 0o644, identity.keyring))
    for target, units in ENABLED.items():
        for unit in units:
            put(tree, f"{UNITS}/{target}/{unit.rsplit('/', 1)[-1]}", link(unit))
    for path in NOT_ENABLED:
        tree.pop(path, None)
    _name(tree, identity)
    _add_user(tree)


def _name(tree: Tree, identity: Identity) -> None:
    put(tree, "usr/lib/clock-epoch", text(""))  # where the clock of a board that has none begins
    put(tree, "etc/machine-id", text("", 0o444))  # made on the device, and laid over this file
    put(tree, "etc/hostname", text("foresight\n"))
    put(tree, "etc/hosts", text("127.0.0.1 localhost\n127.0.1.1 foresight\n::1 localhost ip6-localhost\n"))
    put(tree, "etc/resolv.conf", link("../run/systemd/resolve/stub-resolv.conf"))
    release = tree["usr/lib/os-release"]
    named = release.data.decode() + f"IMAGE_ID=foresight\nIMAGE_VERSION={identity.version}\n"
    put(tree, "usr/lib/os-release", text(named))


def _add_user(tree: Tree) -> None:
    """As systemd-sysusers would, which cannot write to a root file system that is only read."""
    lines = {
        "etc/passwd": f"{USER}:x:{USER_ID}:{USER_ID}:Foresight:/var/lib/foresight:/usr/sbin/nologin\n",
        "etc/group": f"{USER}:x:{USER_ID}:\n",
        "etc/shadow": f"{USER}:!*:20000::::::\n",
        "etc/gshadow": f"{USER}:!*::\n",
    }
    for path, line in lines.items():
        entry = tree[path]
        kept = Entry(Kind.FILE, entry.mode, entry.data + line.encode(), uid=entry.uid, gid=entry.gid)
        put(tree, path, kept)
