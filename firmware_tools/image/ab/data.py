"""The partition `data`: what one device is and keeps, whichever of its systems runs."""

from firmware_tools.identity.delivery import ETC
from firmware_tools.image.ab.entries import Entry, Kind, Tree, folder, put
from firmware_tools.image.ab.system import USER_ID

# Laid over the system's folders by its fstab.
FOLDERS: dict[str, Entry] = {
    "etc": folder(),
    "state": folder(0o700, USER_ID, USER_ID),
    "trial": folder(0o755),
    "systemd": folder(),
    "log": folder(),
    "log/journal": folder(0o2755),
    "rauc": folder(0o700),
}
WIFI = "wifi.conf"


def data_tree(given: Tree, wifi: bytes, born_s: int) -> Tree:
    """What `data` holds at first.

    Args:
        given: files of the device below etc/foresight; others are the system's.
        wifi: a configuration for wpa_supplicant; empty for none.
        born_s: before this its clock cannot be right; a board without one begins there.
    """
    tree: Tree = {}
    for path, entry in FOLDERS.items():
        put(tree, path, entry)
    put(tree, "systemd/timesync", folder())
    put(tree, "systemd/timesync/clock", Entry(Kind.FILE, 0o644, mtime_s=born_s))
    home = ETC.strip("/") + "/"
    for path, entry in given.items():
        if path.startswith(home):
            put(tree, "etc/" + path.removeprefix(home), entry)
    if wifi:
        put(tree, f"etc/{WIFI}", Entry(Kind.FILE, 0o600, wifi))
    return tree
