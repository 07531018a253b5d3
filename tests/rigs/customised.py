"""What `image customise` is asked for in tests: a stand-in of the image, a fleet of one device, tiny wheels."""

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.image.cloud_init_settings import SystemSettings
from firmware_tools.image.customise import Order
from firmware_tools.image.layout import read_table
from firmware_tools.image.wheels_fetch import Sources
from tests.programs import program
from tests.rigs import fleet
from tests.rigs.official import System, official
from tests.rigs.wheels import board_wheels

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFX2 ada@desk"
HASH = "$6$saltsalt$" + "a" * 86
PASSWORD = "correct horse battery"
SETTINGS = SystemSettings.model_validate(
    {
        "timezone": "Europe/Berlin",
        "ssh": True,
        "users": [{"name": "ada", "password_hash": HASH, "ssh_keys": [KEY]}],
        "wifi": {"ssid": "home", "password": PASSWORD, "country": "DE"},
    }
)
MODEL = b"TFL3 stand-in of a model" * 400
BOOKWORM = System(
    release="bookworm", python="3.11", packages=(("libc6", "2.36-9+deb12u10"), ("systemd", "252.38"), ("pi", "1"))
)


def desk(folder: Path) -> Path:
    """A folder with all that an order names: `official.img`, `fleet`, `wheels`, `releases`."""
    official(folder / "official.img")
    fleet.begun(folder / "fleet")
    fleet.add(folder / "fleet", "shed")
    (folder / "fleet" / "models" / "street.tflite").write_bytes(MODEL)
    board_wheels(folder / "wheels")
    (folder / "releases").mkdir()
    (folder / "releases" / "root.json").write_bytes(b"{}\n")
    return folder


def order(folder: Path) -> Order:
    """From a desk."""
    image, wheels = folder / "official.img", Sources(folder / "wheels", None)
    parts = (folder / "fleet", "shed", SETTINGS, wheels, (), folder / "releases")
    return Order(image, sha256_of(image), *parts)


def of_another(asked: Order, image: Path) -> Order:
    """The same with another image."""
    return replace(asked, image=image, sha256=sha256_of(image))


@dataclass(frozen=True)
class Inside:
    """Looks into an image that was made, by programs of its own."""

    image: Path

    def boot(self, name: str) -> bytes:
        start = read_table(self.image).partitions[0].start
        command = [program("mcopy", "mtools"), "-n", "-i", f"{self.image}@@{start}", f"::/{name}", "-"]
        return subprocess.run(command, capture_output=True, check=True, timeout=60, env=quiet()).stdout

    def root(self, request: str) -> str:
        """What debugfs says to a request."""
        start = read_table(self.image).partitions[1].start
        command = [program("debugfs", "e2fsprogs"), "-R", request, f"{self.image}?offset={start}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=quiet()).stdout

    def rights(self, path: str) -> tuple[str, str, str]:
        """Mode, user and group of a path, as `stat` of debugfs has them."""
        told = self.root(f'stat "{path}"').split()
        return tuple(told[told.index(name) + 1] for name in ("Mode:", "User:", "Group:"))  # type: ignore[return-value]


def quiet() -> dict[str, str]:
    return {**os.environ, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8", "PAGER": "cat"}
