"""File systems from trees, in files, without root, and the same from the same trees: FAT and ext4.

ext4 by `mke2fs -d` takes two times from the clock in spite of all settings, that of a file's last change of state and
that of its making; debugfs sets both afterwards.
"""

import os
import uuid
from pathlib import Path

from firmware_tools.errors import FirmwareError
from firmware_tools.image.ab.entries import Kind, Tree, write_tar
from firmware_tools.image.ab.layout import FAT32_FROM_MIB, MIB
from firmware_tools.image.ab.programs import Command, as_owner, run

BLOCK = 4096
SLACK = 1.06  # of an ext4 that is only read: its own tables
FAT_EPOCH_S = 315532800  # 1980: FAT knows nothing before


def make_fat(tree: Tree, target: Path, label: str, size_mib: int, epoch_s: int) -> None:
    """A FAT file system; its number follows from its label and what is in it is all of one time.

    Raises:
        FirmwareError: it cannot be made, or not everything fits.
    """
    home = target.with_name(target.name + ".files")
    home.mkdir()
    for path, entry in sorted(tree.items()):
        if entry.kind is Kind.FILE:
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_bytes(entry.data)
    target.unlink(missing_ok=True)
    with target.open("wb") as empty:
        empty.truncate(size_mib * MIB)
    number = uuid.uuid5(uuid.NAMESPACE_DNS, f"foresight {label}").hex[:8]
    width = "32" if size_mib >= FAT32_FROM_MIB else "16"
    fixed = {"SOURCE_DATE_EPOCH": str(max(epoch_s, FAT_EPOCH_S))}
    command: Command = ["mkfs.vfat", "--invariant", "-F", width, "-n", label.upper(), "-i", number, target]
    run(command, f"the file system {label} cannot be made", more=fixed)
    top = sorted(home.iterdir())
    for each in top:
        _aged(each, epoch_s)
    if not top:
        return
    run(["mcopy", "-s", "-m", "-Q", "-i", target, *top, "::/"], f"the file system {label} cannot be filled", more=fixed)


def make_ext4(tree: Tree, target: Path, label: str, size_mib: int, epoch_s: int) -> None:
    """An ext4 file system.

    Args:
        tree: what is in it.
        target: the file.
        label: its name.
        size_mib: how large; 0 for as large as its files need.
        epoch_s: no time in it is later.

    Raises:
        FirmwareError: it cannot be made, or not everything fits.
    """
    tar = target.with_name(target.name + ".tar")
    write_tar(tree, tar, epoch_s)
    size = size_mib or needed_mib(tree)
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, f"foresight {label}")
    features = f"hash_seed={identity},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0"
    target.unlink(missing_ok=True)
    script = (
        'set -e; home=$(mktemp -d "$1.XXXXXX"); trap \'rm -rf "$home"\' EXIT; '
        'tar -C "$home" --numeric-owner -xpf "$2"; touch -d "@$3" "$home"; shift 3; "$@" -d "$home"'
        ' "$TARGET" "$SIZE"'
    )
    make = ["mke2fs", "-q", "-t", "ext4", "-b", str(BLOCK), "-m", "0", "-L", label, "-U", str(identity), "-E", features]
    run(
        [*as_owner(), "sh", "-c", script, "sh", target, tar, str(epoch_s), *make],
        f"the file system {label} cannot be made",
        limit_s=900,
        more={"E2FSPROGS_FAKE_TIME": str(epoch_s), "TARGET": str(target), "SIZE": f"{size}M"},
    )
    tar.unlink()
    _settled(target, epoch_s)


def needed_mib(tree: Tree) -> int:
    """How large an ext4 must be for a tree, in MiB."""
    blocks = sum(-(-len(entry.data) // BLOCK) + 1 for entry in tree.values())
    return int(blocks * BLOCK * SLACK / MIB) + 24


def _aged(path: Path, epoch_s: int) -> None:
    for each in (path, *path.rglob("*")):
        os.utime(each, (epoch_s, epoch_s))


def _settled(target: Path, epoch_s: int) -> None:
    """Set the times of every inode in use to what follows from the tree."""
    listed = run(["debugfs", "-R", "stats", target], "the file system cannot be read")
    numbers = dict(
        line.split(":", 1) for line in listed.splitlines() if line.startswith(("Inode count:", "Free inodes:"))
    )
    if len(numbers) < 2:
        raise FirmwareError(f"{target} is no file system that debugfs knows")
    used = int(numbers["Inode count"]) - int(numbers["Free inodes"])
    fields = ("ctime", "atime", "crtime")
    extra = ("ctime_extra", "atime_extra", "mtime_extra", "crtime_extra")
    lines = [f"sif <{inode}> {field} @{epoch_s:#x}" for inode in _inodes(used) for field in fields]
    lines += [f"sif <{inode}> {field} 0" for inode in _inodes(used) for field in extra]
    script = target.with_name(target.name + ".times")
    script.write_text("\n".join(lines) + "\n")
    fixed = {"E2FSPROGS_FAKE_TIME": str(epoch_s)}
    run(["debugfs", "-w", "-f", script, target], "the file system's times cannot be set", limit_s=900, more=fixed)
    script.unlink()


def _inodes(used: int) -> range:
    """The root folder's number, and all that mke2fs gave out: it does so one after the other."""
    return range(1, used + 1)
