"""`foresight archive`: what the device was unsure of, packed and signed for the workstation. It sends nothing."""

from pathlib import Path

from rich.console import Console

from edge.config.loader import load
from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.doubting import FOLDER
from edge.uncertain.packing import pack, sound
from edge.uncertain.record import Record
from edge.uncertain.shelf import forget, read_records
from edge.uncertain.signing import DeviceKey, device_key


def show_key(config: Path, console: Console) -> None:
    """Print the fingerprint of the device's key, and the key itself. Makes one where there is none.

    Raises:
        ConfigError: see `edge.uncertain.signing`.
    """
    key = device_key(load(config, Settings).device.state_dir)
    console.print(key.fingerprint, key.public_pem.decode(), sep="\n", end="", markup=False, highlight=False)


def archive(config: Path, out: Path, *, forget_packed: bool, console: Console) -> None:
    """Write the archive, and say what is in it and by which fingerprint it is trusted.

    Pictures that were kept while the configuration allowed them are packed only if it still does.

    Args:
        config: of the daemon, which may be running.
        out: the file to write.
        forget_packed: delete from the device what was packed.
        console: for what is said.

    Raises:
        ConfigError: nothing was kept, or it cannot be written or signed; says what to do.
    """
    settings = load(config, Settings)
    folder = settings.device.state_dir / FOLDER
    key = device_key(settings.device.state_dir)
    found = _found(folder, settings)
    records = sound(folder, found)
    if not records:
        raise ConfigError(f"of the looks in {folder} none is undamaged; keep others, then try again")
    packed = records if settings.keep.pictures else [one.model_copy(update={"picture": ""}) for one in records]
    pack(folder, packed, settings.mqtt.device, key, out)
    if forget_packed:
        for record in records:
            forget(folder, record.name)
    console.print(_said(out, packed, len(found) - len(records), key), markup=False, highlight=False, soft_wrap=True)


def _found(folder: Path, settings: Settings) -> list[Record]:
    try:
        records = list(read_records(folder))
    except OSError as error:
        raise ConfigError(f"{folder} cannot be read: {error.strerror}; run as the daemon's user") from error
    if not records:
        hint = "wait until it has seen something doubtful" if settings.keep.enabled else "set keep: {enabled: true}"
        raise ConfigError(f"{folder} holds no looks that the device was unsure of; {hint}")
    return records


def _said(out: Path, records: list[Record], damaged: int, key: DeviceKey) -> str:
    pictures = sum(bool(record.picture) for record in records)
    left_out = f", {damaged} damaged ones left out" if damaged else ""
    lines = [f"{out}: {len(records)} looks, {pictures} with a picture, {out.stat().st_size} bytes{left_out}"]
    if not pictures:
        lines.append("without pictures there is nothing to label; `keep: {pictures: true}` keeps them")
    lines.append(f"on the workstation: foresight-train data import {out.name} --trust {key.fingerprint} --out DIR")
    return "\n".join(lines)
