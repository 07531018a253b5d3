"""The image that is booted: made as `image ab` makes it for a device, and kept for as long as nothing of it changes."""

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from edge.contracts.locking import locked
from firmware_tools.errors import FirmwareError
from firmware_tools.identity.beginning import begin
from firmware_tools.image.ab.disk import Sizes
from firmware_tools.image.ab.keys import SIGNER, make_keys, signing_key
from firmware_tools.image.ab.making import DeviceInputs, SystemInputs, cache, make_image
from firmware_tools.image.ab.pool import LOCK, MIRROR, SECURITY, fetch
from firmware_tools.image.wheels_fetch import Sources
from tests.paths import REPOSITORY
from tests.programs import absent
from tests.rigs.board.story import Card
from tests.rigs.fleet import NOW, add

BOARD = "pi3"  # the one that QEMU has
SUITE = "trixie"
SIZES = Sizes(1280, 1024)  # MiB; `data` holds two bundles
MADE_OF = ("edge", "firmware_tools", "deploy", "pyproject.toml")
WAIT_S = 3600.0  # for another who makes it
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foresight-tests" / "board"


def made_card() -> Card:
    """The image, made if it is not there yet; the first time takes minutes and a network."""
    if os.geteuid() != 0:
        absent("a root file system for another processor is unpacked by root only")
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "lock", WAIT_S):
        keys = CACHE / "keys"
        if not (keys / f"{SIGNER}.crt").exists():
            make_keys(keys, "tests", "", datetime.now(UTC).replace(microsecond=0))
        image = CACHE / f"{_digest()}.img"
        if not image.exists():
            for old in list(CACHE.glob("*.img*")):  # also of who was ended meanwhile
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            _make(image)
    return Card(image, BOARD, signing_key(keys))


def _make(image: Path) -> None:
    packages, fleet = CACHE / "packages", CACHE / "fleet"
    try:
        if not (packages / LOCK).exists():
            fetch(packages, SUITE, MIRROR, SECURITY)
        if not fleet.exists():
            begin(fleet, "tests", ("localhost",), 8883, NOW)
            add(fleet, "nobody", board=BOARD)
        keyring = signing_key(CACHE / "keys").authority
        to = DeviceInputs(fleet, "nobody", keyring, (), None, None, SIZES)
        make_image(SystemInputs(packages, Sources(None, None), "1", cache()), to, image, print)
    except FirmwareError as error:
        absent(f"no image can be made: {error}")


def _digest() -> str:
    """Of everything of this project that an image is made of."""
    told = hashlib.sha256()
    for name in MADE_OF:
        top = REPOSITORY / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.suffix != ".pyc":
                told.update(f"{path.relative_to(REPOSITORY)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:16]
