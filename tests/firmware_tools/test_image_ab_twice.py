"""The same inputs make the same image, bit for bit: from the packages to the disk, twice, elsewhere and later."""

import hashlib
import os
from pathlib import Path

import pytest

from edge.contracts.locking import locked
from firmware_tools.errors import FirmwareError
from firmware_tools.identity.beginning import begin
from firmware_tools.image.ab.bootstrap import BINFMT
from firmware_tools.image.ab.disk import Sizes
from firmware_tools.image.ab.keys import make_keys
from firmware_tools.image.ab.making import DeviceInputs, SystemInputs, make_image
from firmware_tools.image.ab.pool import LOCK, MIRROR, SECURITY, fetch
from firmware_tools.image.wheels_fetch import Sources
from tests.programs import absent, program
from tests.rigs.fleet import NOW, add

PACKAGES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foresight-tests/board/packages"
NEEDED = {
    "depmod": "kmod",
    "mcopy": "mtools",
    "mkfs.vfat": "dosfstools",
    "mmdebstrap": "mmdebstrap",
    "qemu-aarch64-static": "qemu-user-static",
}
WAIT_S = 3600.0


def packages() -> Path:
    """Debian's packages, fetched once."""
    PACKAGES.parent.mkdir(parents=True, exist_ok=True)
    with locked(PACKAGES.parent / "lock", WAIT_S):
        try:
            if not (PACKAGES / LOCK).exists():
                fetch(PACKAGES, "trixie", MIRROR, SECURITY)
        except FirmwareError as error:
            absent(f"Debian's packages cannot be fetched: {error}")
    return PACKAGES


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.long
def test_an_image_made_twice_is_the_same(tmp_path: Path) -> None:
    for name, package in NEEDED.items():
        program(name, package)
    if not BINFMT.exists():
        absent("programs for arm64 cannot be run: binfmt_misc does not know qemu-aarch64")
    pool, key = packages(), make_keys(tmp_path / "keys", "tests", "", NOW)
    fleet = tmp_path / "fleet"
    begin(fleet, "tests", ("localhost",), 8883, NOW)
    add(fleet, "shed")
    to = DeviceInputs(fleet, "shed", key.authority, (), None, None, Sizes(1024, 256))
    made = []
    for number, place in enumerate(("here", "elsewhere/with a space")):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        previous = os.umask(0o022 if number else 0o077)
        try:
            image = make_image(
                SystemInputs(pool, Sources(None, None), "1.0.0", None), to, folder / "a.img", print
            ).image
        finally:
            os.umask(previous)
        made.append((sha256(image), sha256(image.with_name("a.img.bmap")), sha256(image.with_name("a.img.cdx.json"))))
    assert made[0] == made[1]
