"""Systems to update a board to: made of the one that is on its card, changed, and packed into signed bundles."""

import os
import shutil
import struct
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from firmware_tools.image.ab.keys import SigningKey
from firmware_tools.image.ab.rauc import BOOT_IMAGE, HOOK, SYSTEM_IMAGE, manifest
from tests.programs import program
from tests.rigs.board.files import File, put
from tests.rigs.board.firmware import places

MIB, SUPERBLOCK = 1 << 20, 1024  # bytes
DROP_IN = "etc/systemd/system/foresight.service.d/"
# An emulated processor on a busy machine is slower than any board.
PATIENT = {DROP_IN + "emulated.conf": File(b"[Service]\nTimeoutStartSec=600\nWatchdogSec=240\n")}
CRASHES = {"opt/foresight/bin/foresight": File(b"#!/bin/sh\necho this daemon is sick >&2\nexit 1\n", 0o755)}
BLIND = {DROP_IN + "blind.conf": File(b"[Service]\nInaccessiblePaths=/etc/foresight/models/street.mp4\n")}


def system_bundle(image: Path, to: Path, key: SigningKey, told: tuple[str, str], changes: Mapping[str, File]) -> Path:
    """A bundle with the system of slot A of an image.

    Args:
        image: raw.
        to: the new file.
        key: that signs it.
        told: board and version, as the bundle says them.
        changes: to the system.
    """
    home = to.with_suffix(".d")
    home.mkdir()
    found = places(image)
    cut(image, found["boot_a"], home / BOOT_IMAGE)
    cut(image, found["system_a"], home / SYSTEM_IMAGE)
    put(home / SYSTEM_IMAGE, 0, changes, to.with_suffix(".files"))
    shrink(home / SYSTEM_IMAGE)
    (home / HOOK).write_bytes(files("firmware_tools.image.ab").joinpath("files/bundle-hook").read_bytes())
    (home / HOOK).chmod(0o755)
    (home / "manifest.raucm").write_text(manifest(*told))
    signing = [f"--cert={key.certificate}", f"--key={key.key}", f"--keyring={key.authority}"]
    quick = "--mksquashfs-args=-comp zstd -Xcompression-level 1 -noappend -no-progress"
    program("mksquashfs", "squashfs-tools")
    subprocess.run([program("rauc"), "bundle", *signing, quick, str(home), str(to)], check=True, timeout=600)
    shutil.rmtree(home)
    return to


def tampered(bundle: Path, to: Path) -> Path:
    """The same with one bit of its payload flipped."""
    shutil.copy(bundle, to)
    with to.open("r+b") as file:
        file.seek(bundle.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    return to


def shrink(image: Path) -> None:
    """Make a file system as small as it can be: an emulated board takes minutes to write what is empty."""
    subprocess.run([program("e2fsck", "e2fsprogs"), "-fy", str(image)], check=False, capture_output=True, timeout=300)
    resize = [program("resize2fs", "e2fsprogs"), "-M", str(image)]
    subprocess.run(resize, check=True, capture_output=True, timeout=300)
    with image.open("rb") as file:
        file.seek(SUPERBLOCK)
        head = file.read(SUPERBLOCK)
    blocks, log_kib = struct.unpack_from("<I16xI", head, 4)
    os.truncate(image, blocks << 10 + log_kib)


def cut(image: Path, place: tuple[int, int], to: Path) -> None:
    """A partition of an image as a file, with its holes."""
    start, length = place
    numbers = ["bs=1M", f"skip={start // MIB}", f"count={length // MIB}", "conv=sparse", "status=none"]
    subprocess.run(["dd", f"if={image}", f"of={to}", *numbers], check=True, timeout=300)
