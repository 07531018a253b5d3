"""What an image and a bundle are made of: the two trees of a slot, from packages, wheels and what a fleet says."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.image.ab.boot import boot_tree, bootconfig_tree
from firmware_tools.image.ab.bootstrap import bootstrap, newest_s, recipe
from firmware_tools.image.ab.compiling import compile_wheels, take_unchecked
from firmware_tools.image.ab.entries import Entry, Kind, Tree, link, merge, put, read_tar, write_tar
from firmware_tools.image.ab.initrd import make_initrd
from firmware_tools.image.ab.kernel import package_tree, read_kernel
from firmware_tools.image.ab.pool import BUSYBOX, FIRMWARE, Pool
from firmware_tools.image.ab.system import Identity, settle_system
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels import Target
from firmware_tools.image.wheels_install import install

TARGETS = {"bookworm": Target(python=11, glibc=36), "trixie": Target(python=13, glibc=41)}


@dataclass(frozen=True)
class Slot:
    """One system.

    Attributes:
        system: the root file system.
        boot: the boot partition, as of slot A.
        bootconfig: the first partition.
        epoch_s: the time that all of it bears at most.
        seed: a hash over everything that it was made of.
    """

    system: Tree
    boot: Tree
    bootconfig: Tree
    epoch_s: int
    seed: str


def make_slot(pool: Pool, wheels: tuple[Wheel, ...], identity: Identity, work: Path, base: Path | None) -> Slot:
    """Make a system.

    Args:
        pool: the Debian packages.
        wheels: the daemon and all that it needs.
        identity: what the system says of itself.
        work: an empty folder.
        base: where the unpacked Debian is kept between makings; None makes it anew.

    Raises:
        MistakeError: a program is missing, or a file is not what it should be.
        FirmwareError: something failed.
    """
    epoch_s = newest_s(pool)
    system = _debian(pool, work, epoch_s, base)
    take_unchecked(system)
    kernel = read_kernel(pool.kernel, _new(work / "kernel"))
    merge(system, kernel.modules)
    merge(system, daemon_tree(wheels, work / "daemon", TARGETS[pool.suite]))
    merge(system, compile_wheels(system, wheels, TARGETS[pool.suite], _new(work / "compiling"), epoch_s, base))
    settle_system(system, identity)
    firmware = package_tree(pool.path(FIRMWARE))
    for path, entry in firmware.items():
        if path.startswith("usr/lib/firmware/") and entry.kind is not Kind.FOLDER:
            put(system, path, entry)
    initrd = make_initrd(kernel, package_tree(pool.path(BUSYBOX))["usr/bin/busybox"].data)
    boot = boot_tree(identity.board, kernel, initrd, firmware)
    return Slot(system, boot, bootconfig_tree(firmware), epoch_s, _seed(pool, wheels, identity))


def daemon_tree(wheels: tuple[Wheel, ...], root: Path, target: Target) -> Tree:
    """/opt/foresight; `root` is a new folder. Raises MistakeError: a wheel is damaged."""
    install(wheels, _new(root), target)
    return read_folder(root)


def read_folder(folder: Path) -> Tree:
    """A folder as a tree of root's files."""
    tree: Tree = {}
    for path in sorted(folder.rglob("*")):
        place, mode = str(path.relative_to(folder)), path.lstat().st_mode & 0o7777
        if path.is_symlink():
            tree[place] = link(str(path.readlink()))
        elif path.is_dir():
            tree[place] = Entry(Kind.FOLDER, mode)
        else:
            tree[place] = Entry(Kind.FILE, mode, path.read_bytes())
    return tree


def _debian(pool: Pool, work: Path, epoch_s: int, base: Path | None) -> Tree:
    name = hashlib.sha256(f"{pool.sha256} {recipe()}".encode()).hexdigest()[:32]
    kept = base / f"debian-{name}.tar" if base else None
    if kept and kept.is_file():
        return read_tar(kept)
    tree = bootstrap(pool, _new(work / "debian"), epoch_s)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"{kept.name}.{os.getpid()}")
        write_tar(tree, part, epoch_s)
        part.replace(kept)
    return tree


def _seed(pool: Pool, wheels: tuple[Wheel, ...], identity: Identity) -> str:
    told = hashlib.sha256(f"{pool.sha256} {identity.board} {identity.version}".encode())
    told.update(identity.keyring)
    for wheel in sorted(wheels, key=lambda one: one.path.name):
        told.update(wheel.path.name.encode() + bytes.fromhex(sha256_of(wheel.path)))
    return told.hexdigest()


def _new(folder: Path) -> Path:
    folder.mkdir(mode=0o755, parents=True)
    return folder
