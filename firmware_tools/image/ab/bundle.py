"""RAUC bundles: a slot's two file systems, signed, every block checked as it is read (format `verity`)."""

import os
import uuid
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

PACKED = "-comp zstd -Xcompression-level 15 -noappend -no-progress"


def write_bundle(target: Path, slot: Slot, identity: Identity, key: SigningKey, passphrase: str, work: Path) -> None:
    """Write a bundle.

    The file systems in it, and so the contents of its squashfs, are the same each time; the salt of the tree of hashes
    and the signature are not.

    Args:
        target: the new file.
        slot: the system.
        identity: what it says of itself.
        key: that signs.
        passphrase: of the key; "" where it has none.
        work: an empty folder.

    Raises:
        MistakeError: the target is there, a program is missing, or the key does not open.
        FirmwareError: RAUC failed.
    """
    need("rauc", "mksquashfs")
    check_passphrase(key, passphrase)
    if target.exists():
        raise MistakeError(f"{target} is there already; name another file")
    home = work / "bundle"
    home.mkdir()
    sized = {one.label: one.size_mib for one in partitions(0, 0)}
    write_boot(work / BOOT_IMAGE, slot, sized["boot_a"])
    write_system(work / SYSTEM_IMAGE, slot)
    for name in (BOOT_IMAGE, SYSTEM_IMAGE):
        (work / name).replace(home / name)
    script = files("firmware_tools.image.ab").joinpath("files/bundle-hook").read_bytes()
    (home / HOOK).write_bytes(script)
    (home / HOOK).chmod(0o755)
    (home / "manifest.raucm").write_text(manifest(identity.board, identity.version))
    for path in (*home.iterdir(), home):
        os.utime(path, (slot.epoch_s, slot.epoch_s))
    signing = [f"--cert={key.certificate}", f"--key={key.key}", f"--keyring={key.authority}"]
    more = {"RAUC_KEY_PASSPHRASE": passphrase} if passphrase else {}
    epoch = {"SOURCE_DATE_EPOCH": str(slot.epoch_s)}
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.raucb")
    try:
        command: Command = ["rauc", "bundle", *signing, f"--mksquashfs-args={PACKED}", home, part]
        run(command, "the bundle cannot be made", limit_s=3600, more=more | epoch)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
