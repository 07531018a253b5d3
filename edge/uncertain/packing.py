"""Kept looks into one signed file. The same looks give the same bytes."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge.contracts.archive import (
    ANNOTATIONS,
    LOOKS,
    MANIFEST,
    PICTURES,
    PUBLIC_KEY,
    SIGNATURE,
    Manifest,
    Part,
    encode_manifest,
)
from edge.contracts.errors import ConfigError
from edge.contracts.stored import sync
from edge.uncertain.portioning import encoded, picture_path
from edge.uncertain.proposals import picture_name, proposals, without_pictures
from edge.uncertain.record import Record
from edge.uncertain.signing import DeviceKey

MODE = 0o644


def pack(folder: Path, records: Sequence[Record], device: str, key: DeviceKey, out: Path) -> Manifest:
    """Write the archive; the file is there whole or not at all, and its owner's alone.

    Args:
        folder: where the pictures lie.
        records: what is packed, at least one, all of them sound, no more than one archive takes.
        device: its name.
        key: by which it is signed.
        out: must not exist.

    Raises:
        ConfigError: it exists already, or cannot be written.
    """
    if out.exists():
        raise ConfigError(f"{out} exists already; choose another name with --out")
    if not out.parent.is_dir():
        raise ConfigError(f"there is no folder {out.parent}; make it, or choose another with --out")
    texts = {ANNOTATIONS: encoded(proposals(device, records)), LOOKS: encoded(without_pictures(device, records))}
    pictures = {PICTURES + picture_name(one.picture): picture_path(folder, one) for one in records if one.picture}
    pictures = dict(sorted(pictures.items()))
    try:
        manifest = _manifest(device, records, texts, pictures)
        signed = encode_manifest(manifest)
        heads = {PUBLIC_KEY: key.public_pem, SIGNATURE: key.sign(signed), MANIFEST: signed, **texts}
        _write(out, heads, pictures)
    except FileNotFoundError as error:
        raise ConfigError(f"{error.filename} is not there (any more); look at the folder and run it again") from error
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}; make room, or choose another folder") from error
    return manifest


def _manifest(device: str, records: Sequence[Record], texts: dict[str, bytes], pictures: dict[str, Path]) -> Manifest:
    hashes = {PICTURES + picture_name(one.picture): one.picture for one in records if one.picture}
    files = {name: Part(hashlib.sha256(data).hexdigest(), len(data)) for name, data in texts.items()}
    files |= {name: Part(hashes[name], path.stat().st_size) for name, path in pictures.items()}
    return Manifest(device, max(one.utc_ns for one in records), files)


def _write(out: Path, heads: dict[str, bytes], pictures: dict[str, Path]) -> None:
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        unfinished = Path(file.name)
        try:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for name, data in heads.items():
                    tar.addfile(_info(name, len(data)), io.BytesIO(data))
                for name, path in pictures.items():
                    with path.open("rb") as picture:
                        tar.addfile(_info(name, path.stat().st_size), picture)
            file.flush()
            os.fsync(file.fileno())
            unfinished.rename(out)
            sync(out.parent)  # what was packed may be deleted from the device next
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def _info(name: str, size_bytes: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)  # of no time, no owner
    info.size, info.mode = size_bytes, MODE
    return info
