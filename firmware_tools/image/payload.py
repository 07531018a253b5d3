"""What a device is given beside its operating system, as a folder that stands for its root."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import ETC, MODELS_FOLDER, Delivered
from firmware_tools.identity.files import read
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels import Target
from firmware_tools.image.wheels_install import install

UNITS = "/etc/systemd/system"
WANTS = f"{UNITS}/multi-user.target.wants"
TRUST_ROOT = f"{ETC}/release-root.json"
PRIVATE = (f"{ETC}/identity",)  # folders that hold a secret
LARGEST_MODEL_BYTES = 1 << 30
# The service's own user may not write beside its code, so that Python would compile it at every start.
CACHE = """\
# Compiled Python is kept between starts.
[Service]
CacheDirectory=foresight
Environment=PYTHONPYCACHEPREFIX=/var/cache/foresight/python
"""
SHIPPED = Path(__file__).resolve().parent / "deploy"  # in an installed wheel
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"  # in a checkout
FROM_DEPLOY: dict[str, str] = {
    "systemd/foresight.service": f"{UNITS}/foresight.service",
    "udev/60-foresight-coral.rules": "/etc/udev/rules.d/60-foresight-coral.rules",
}


@dataclass(frozen=True)
class Payload:
    """What goes onto one device.

    Attributes:
        wheels: the daemon and all that it needs.
        delivered: its identity and configuration.
        models: files for /etc/foresight/models.
        trust_root: of the releases that it is to believe; None: it takes no updates.
    """

    wheels: tuple[Wheel, ...]
    delivered: tuple[Delivered, ...]
    models: tuple[Path, ...]
    trust_root: Path | None


def stage(payload: Payload, root: Path, target: Target) -> None:
    """Write it into a folder.

    Args:
        payload: what goes onto the device.
        root: a new folder, which stands for the root of the device.
        target: the device.

    Raises:
        MistakeError: a file cannot be read, or is damaged.
        OSError: there is no room.
    """
    install(payload.wheels, root, target)
    for file in payload.delivered:
        put(root, file.place, read(file.source), file.mode)
    for model in payload.models:
        put(root, f"{MODELS_FOLDER}/{model.name}", read(model, LARGEST_MODEL_BYTES), 0o644)
    if payload.trust_root is not None:
        put(root, TRUST_ROOT, read(payload.trust_root), 0o644)
    for name, place in FROM_DEPLOY.items():
        put(root, place, deployed(name), 0o644)
    put(root, f"{UNITS}/foresight.service.d/cache.conf", CACHE.encode(), 0o644)
    put_link(root, f"{WANTS}/foresight.service", f"{UNITS}/foresight.service")
    # The clock of a board that has none begins at this file's time, so that certificates are valid from the start.
    put(root, "/usr/lib/clock-epoch", b"", 0o644)
    for private in PRIVATE:
        (root / private.lstrip("/")).chmod(0o700)


def models_in(folder: Path, more: Sequence[Path]) -> tuple[Path, ...]:
    """The model files of a fleet, and others that are named. Raises MistakeError: two have the same name."""
    there = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
    found = (*there, *more)
    if double := [path.name for path in found if sum(path.name == other.name for other in found) > 1]:
        raise MistakeError(f"two models are called {double[0]}; rename one")
    return found


def deployed(name: str) -> bytes:
    """A file of deploy/. Raises MistakeError."""
    return read(next((folder for folder in (SHIPPED, DEPLOY) if folder.is_dir()), DEPLOY) / name)


def put(root: Path, place: str, data: bytes, mode: int) -> None:
    """A new file of the device, with the folders above it."""
    path = root / place.lstrip("/")
    _folders(root, path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    path.chmod(mode)


def put_link(root: Path, place: str, target: str) -> None:
    """A new symbolic link of the device."""
    path = root / place.lstrip("/")
    _folders(root, path.parent)
    path.symlink_to(target)


def _folders(root: Path, folder: Path) -> None:
    for each in reversed([folder, *folder.parents]):
        if each.is_relative_to(root) and not each.exists():
            each.mkdir()
            each.chmod(0o755)
