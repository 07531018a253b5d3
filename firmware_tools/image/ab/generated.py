"""The same system as a configuration for rpi-image-gen, which builds it of Raspberry Pi's own packages on an Arm host.

What is written is a source tree for `rpi-image-gen build -S DIR -c NAME.yaml`: one configuration, one layer, and the
layer's overlay. Names of layers, variables, hooks and overlays are those of rpi-image-gen's documentation (2026). Its
A/B layout is the layer image-rota: partitions bootconfig, boot_a, boot_b, system_a, system_b and persistent, a root
file system that is only read, and autoboot.txt with tryboot.
"""

import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from firmware_tools.boards.catalogue import board
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity.delivery import PLACES, UNIT, UNIT_TEXT
from firmware_tools.image.ab.entries import Entry, Kind, Tree, folder, link, put, text
from firmware_tools.image.ab.rauc import BACKEND, KEYRING, SYSTEM_CONF, system_conf
from firmware_tools.image.ab.system import DEPLOYED, ENABLED, UNITS, USER_ID, Identity
from firmware_tools.image.payload import deployed

# What rpi-image-gen calls the boards whose firmware it can give two systems.
DEVICES = {"pi4": "rpi4", "pi5": "rpi5"}
LAYER = "foresight"
KEPT = "persistent/foresight"  # on the partition that outlives both systems
BOUND = {"etc-foresight": ("etc", "/etc/foresight"), "var-lib-foresight": ("state", "/var/lib/foresight")}
OWN_UNITS = ("foresight.service", "foresight-tryboot.path", "foresight-reboot.path", "foresight-trial.timer")


def generate(target: Path, name: str, identity: Identity, daemon: Tree, given: Tree, sizes: tuple[int, int]) -> None:
    """Write the folder.

    Args:
        target: the new folder.
        name: of the device, which the configuration is called after.
        identity: of the system.
        daemon: /opt/foresight.
        given: what the device is given, below etc/foresight.
        sizes: of a system's partition and of the kept one, MiB.

    Raises:
        MistakeError: the folder is there, or rpi-image-gen has no two systems for the board.
        FirmwareError: it cannot be written.
    """
    if identity.board not in DEVICES:
        known = " and ".join(DEVICES)
        raise MistakeError(
            f"rpi-image-gen's layer image-rota knows {known}, not the {board(identity.board).title}: use plain image ab"
        )
    tree: Tree = {}
    put(tree, f"config/{LAYER}-{name}.yaml", text(config(name, identity, sizes)))
    put(tree, f"layer/{LAYER}.yaml", text(layer(identity)))
    put(tree, "README.md", text(_own("rpi-image-gen/README.md").replace("@NAME@", name)))
    home = f"layer/{LAYER}.d/customize.overlay"
    for path, entry in overlay(identity, daemon, given).items():
        put(tree, f"{home}/{path}", entry)
    _write(tree, target)


def config(name: str, identity: Identity, sizes: tuple[int, int]) -> str:
    """The configuration: which layers, how large."""
    return f"""# Foresight {identity.version} for the device {name}: rpi-image-gen build -S . -c {LAYER}-{name}.yaml
device:
  layer: {DEVICES[identity.board]}
  hostname: {name}

image:
  layer: image-rota
  name: foresight-{name}
  system_part_size: {sizes[0]}M
  data_part_size: {sizes[1]}M

layer:
  base: trixie-minbase
  app: {LAYER}
"""


def layer(identity: Identity) -> str:
    """The layer: packages, and what is done once the overlay is there."""
    return _own("rpi-image-gen/layer.yaml").replace("@VERSION@", identity.version).replace("@USER_ID@", str(USER_ID))


def overlay(identity: Identity, daemon: Tree, given: Tree) -> Tree:
    """What is laid over the root file system; what lies in /persistent becomes the kept partition."""
    tree: Tree = {}
    for path, entry in daemon.items():
        put(tree, path, entry)
    for path, (name, mode) in DEPLOYED.items():
        put(tree, path, Entry(Kind.FILE, mode, deployed(name)))
    put(tree, BACKEND, text(_own("boot-slots"), 0o755))
    put(tree, PLACES[UNIT][0], text(UNIT_TEXT))
    put(tree, SYSTEM_CONF, text(system_conf(identity.board).replace("/data/", f"/{KEPT}/")))
    put(tree, KEYRING, Entry(Kind.FILE, 0o644, identity.keyring))
    for unit, (source, place) in BOUND.items():
        put(tree, f"{UNITS}/{unit}.mount", text(_mount(source, place)))
        put(tree, f"{UNITS}/local-fs.target.wants/{unit}.mount", link(f"/{UNITS}/{unit}.mount"))
        put(tree, place, folder())
    for target, units in ENABLED.items():
        for unit in units:
            if unit.rsplit("/", 1)[-1] in OWN_UNITS:
                put(tree, f"{UNITS}/{target}/{unit.rsplit('/', 1)[-1]}", link(unit))
    for name in ("etc", "state", "rauc"):
        put(tree, f"{KEPT}/{name}", folder())
    for path, entry in given.items():
        if path.startswith("etc/foresight/"):
            put(tree, f"{KEPT}/etc/{path.removeprefix('etc/foresight/')}", entry)
    return tree


def _mount(source: str, place: str) -> str:
    return f"""[Unit]
Description={place}, of the partition that outlives both systems
RequiresMountsFor=/persistent
Before=local-fs.target

[Mount]
What=/{KEPT}/{source}
Where={place}
Type=none
Options=bind

[Install]
WantedBy=local-fs.target
"""


def _own(name: str) -> str:
    return files("firmware_tools.image.ab").joinpath(f"files/{name}").read_text()


def _write(tree: Tree, target: Path) -> None:
    if target.exists():
        raise MistakeError(f"{target} is there already; remove it, or name another folder")
    makers: dict[Kind, Callable[[Path, Entry], None]] = {Kind.FILE: _file, Kind.FOLDER: _folder, Kind.LINK: _link}
    try:
        target.mkdir(parents=True, mode=0o700)
        for path in sorted(tree, key=lambda name: name.split("/")):
            makers[tree[path].kind](target / path, tree[path])
    except OSError as error:
        raise FirmwareError(f"{target} cannot be written: {error.strerror}; is there room on the disk?") from error


def _file(path: Path, entry: Entry) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(entry.data)
    path.chmod(entry.mode)


def _folder(path: Path, entry: Entry) -> None:
    path.mkdir()
    path.chmod(entry.mode)


def _link(path: Path, entry: Entry) -> None:
    path.symlink_to(entry.target)
