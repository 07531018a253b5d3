"""`foresight archive`: what the device was unsure of, packed and signed for the workstation. It sends nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from edge.config.loader import load
from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.contracts.locking import HeldError, locked
from edge.doubting import FOLDER
from edge.masks import fingerprints
from edge.uncertain.allowing import Allowed
from edge.uncertain.packing import pack
from edge.uncertain.portioning import Portion, Room, portion
from edge.uncertain.reading import record_paths
from edge.uncertain.shelf import forget
from edge.uncertain.signing import DeviceKey, device_key

LOCK, LOCK_S = "archiving.lock", 30.0
ROOM = Room()


def show_key(config: Path, console: Console) -> None:
    """Print the fingerprint of the device's key, and the key itself. Makes one where there is none.

    Raises:
        ConfigError: see `edge.uncertain.signing`.
    """
    state_dir = load(config, Settings).device.state_dir
    with _alone(state_dir):
        key = device_key(state_dir)
    console.print(key.fingerprint, key.public_pem.decode(), sep="\n", end="", markup=False, highlight=False)


def archive(config: Path, out: Path, *, forget_packed: bool, console: Console) -> None:
    """Write the archive, and say what is in it and by which fingerprint it is trusted.

    Pictures are packed only if the present configuration allows it: `keep.pictures` is on, the camera is there, and
    all of its privacy masks were applied to them. What one archive cannot hold stays, oldest first.

    Args:
        config: of the daemon, which may be running.
        out: the file to write.
        forget_packed: delete from the device what was packed, and the pictures of it that may not go.
        console: for what is said.

    Raises:
        ConfigError: nothing was kept, or it cannot be written or signed; says what to do.
    """
    settings = load(config, Settings)
    state_dir = settings.device.state_dir
    folder = state_dir / FOLDER
    with _alone(state_dir):
        key = device_key(state_dir)
        found = _found(folder, settings)
        pack(folder, found.records, settings.mqtt.device, key, out)
        if forget_packed:
            for record in found.records:
                forget(folder, record.name)
    said = _said(out, found, key, forgotten=forget_packed)
    console.print(said, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """One archive of a device at a time: two would forget what the other packs, or make two keys."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with locked(state_dir / LOCK, LOCK_S):
            yield
    except HeldError as error:
        raise ConfigError(f"another `foresight archive` is at work ({error}); try again when it has ended") from error
    except OSError as error:
        raise ConfigError(f"{state_dir} cannot be written: {error.strerror}; run as the daemon's user") from error


def _found(folder: Path, settings: Settings) -> Portion:
    """What is packed: at least one look."""
    masks = {name: fingerprints(camera.masks.privacy) for name, camera in settings.cameras.items()}
    try:
        kept = bool(record_paths(folder))
        found = portion(folder, Allowed(settings.keep.pictures, masks), ROOM)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}; run as the daemon's user") from error
    if not kept:
        hint = "wait until it has seen something doubtful" if settings.keep.enabled else "set keep: {enabled: true}"
        raise ConfigError(f"{folder} holds no looks that the device was unsure of; {hint}")
    if not found.records:
        raise ConfigError(f"of the looks in {folder} none is undamaged; keep others, then try again")
    return found


def _said(out: Path, found: Portion, key: DeviceKey, *, forgotten: bool) -> str:
    pictures = sum(bool(record.picture) for record in found.records)
    left_out = f", {found.damaged} damaged ones left out" if found.damaged else ""
    lines = [f"{out}: {len(found.records)} looks, {pictures} with a picture, {out.stat().st_size} bytes{left_out}"]
    if found.withheld:
        where = "are deleted" if forgotten else "stay here"
        lines.append(
            f"{found.withheld} pictures are not in it and {where}: pictures are off now (keep.pictures), their camera "
            "is not configured any more, or has a privacy mask that it had not then"
        )
    elif not pictures:
        lines.append("without pictures there is nothing to label; `keep: {pictures: true}` keeps them")
    if found.left:
        how = "run it again with another --out" if forgotten else "--forget deletes what was packed, then run it again"
        lines.append(f"{found.left} newer looks stay here, for one archive does not hold them: {how}")
    lines.append(f"on the workstation: foresight-train data import {out.name} --trust {key.fingerprint} --out DIR")
    return "\n".join(lines)
