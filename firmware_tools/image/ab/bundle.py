"""RAUC bundles: a slot's two file systems, signed, every block checked as it is read (format `verity`)."""

import os
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image.ab.disk import write_boot, write_system
from firmware_tools.image.ab.keys import SigningKey, check_passphrase
from firmware_tools.image.ab.layout import partitions
from firmware_tools.image.ab.made import Slot
from firmware_tools.image.ab.programs import Command, need, run
from firmware_tools.image.ab.rauc import BOOT_IMAGE, HOOK, SYSTEM_IMAGE, manifest
from firmware_tools.image.ab.system import Identity


@dataclass(frozen=True)
class Signer:
    """Who signs: a key, and its passphrase, "" where it has none."""

    key: SigningKey
    passphrase: str


@dataclass(frozen=True)
class Images:
    """The two file systems of a slot."""

    system: Path
    boot: Path


PACKED = "-comp zstd -Xcompression-level 8 -noappend -no-progress"


def write_bundle(target: Path, slot: Slot, identity: Identity, signer: Signer, work: Path) -> None:
    """Write a bundle of a system that was made here.

    The file systems in it, and so the contents of its squashfs, are the same each time; the salt of the tree of hashes
    and the signature are not.

    Args:
        target: the new file.
        slot: the system.
        identity: what it says of itself.
        signer: who signs.
        work: an empty folder.

    Raises:
        MistakeError: the target is there, a program is missing, or the key does not open.
        FirmwareError: RAUC failed.
    """
    _ready(target, signer)
    home = _new(work)
    sized = {one.label: one.size_mib for one in partitions(0, 0)}
    write_boot(work / BOOT_IMAGE, slot, sized["boot_a"])
    write_system(work / SYSTEM_IMAGE, slot)
    for name in (BOOT_IMAGE, SYSTEM_IMAGE):
        (work / name).replace(home / name)
    (home / HOOK).write_bytes(files("firmware_tools.image.ab").joinpath("files/bundle-hook").read_bytes())
    (home / HOOK).chmod(0o755)
    (home / "manifest.raucm").write_text(manifest(identity.board, identity.version, HOOK))
    _pack(target, home, signer, slot.epoch_s)


def wrap_bundle(target: Path, images: Images, board: str, version: str, signer: Signer, work: Path) -> None:
    """Write a bundle of file systems that another program made, as rpi-image-gen: they go into either slot as they are.

    Raises:
        MistakeError: the target is there, an image or a program is missing, or the key does not open.
        FirmwareError: RAUC failed.
    """
    _ready(target, signer)
    home = _new(work)
    for source, name in ((images.system, SYSTEM_IMAGE), (images.boot, BOOT_IMAGE)):
        if not source.is_file():
            raise MistakeError(f"{source} is no file; name the image of a file system")
        shutil.copyfile(source, home / name)
    (home / "manifest.raucm").write_text(manifest(board, version, ""))
    _pack(target, home, signer, int(max(images.system.stat().st_mtime, images.boot.stat().st_mtime)))


def _ready(target: Path, signer: Signer) -> None:
    need("rauc", "mksquashfs")
    check_passphrase(signer.key, signer.passphrase)
    if target.exists():
        raise MistakeError(f"{target} is there already; name another file")


def _new(work: Path) -> Path:
    home = work / "bundle"
    home.mkdir()
    return home


def _pack(target: Path, home: Path, signer: Signer, epoch_s: int) -> None:
    for path in (*home.iterdir(), home):
        os.utime(path, (epoch_s, epoch_s))
    key = signer.key
    signing = [f"--cert={key.certificate}", f"--key={key.key}", f"--keyring={key.authority}"]
    more = {"SOURCE_DATE_EPOCH": str(epoch_s)}
    if signer.passphrase:
        more["RAUC_KEY_PASSPHRASE"] = signer.passphrase
    command: Command = ["rauc", "bundle", *signing, f"--mksquashfs-args={PACKED}", home, target]
    run(command, "the bundle cannot be made", limit_s=3600, more=more)
