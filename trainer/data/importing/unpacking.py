"""An archive unpacked into a folder of its own, every byte of it checked on the way."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.contracts.archive import (
    MANIFEST,
    MOST_BYTES,
    MOST_JSON_BYTES,
    MOST_KEY_BYTES,
    MOST_SIGNATURE_BYTES,
    PICTURES,
    PUBLIC_KEY,
    SIGNATURE,
    Manifest,
    Part,
    decode_manifest,
    fingerprint,
)
from trainer.data.importing.members import Members
from trainer.data.importing.trust import check_signature, public_key
from trainer.errors import TrainError

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What lies in the folder: the files that the manifest names."""

    archive: Path
    folder: Path
    manifest: Manifest

    @property
    def pictures(self) -> Mapping[str, Part]:
        """By their name without the folder."""
        files = self.manifest.files.items()
        return {name.removeprefix(PICTURES): part for name, part in files if name.startswith(PICTURES)}


def unpack(archive: Path, trusted: str, folder: Path) -> Unpacked:
    """Check and unpack. Nothing of it is believed before its signature is.

    Args:
        archive: the file.
        trusted: the fingerprint of the device's key.
        folder: empty.

    Raises:
        TrainError: it is not from that device, was changed, or is not what an archive is; says what to do.
    """
    with _opened(archive) as file:
        members = Members(file, archive)
        key = public_key(_whole(members, archive, PUBLIC_KEY, MOST_KEY_BYTES), archive)
        found = fingerprint(key.public_bytes_raw())
        if found != trusted:
            raise TrainError(
                f"{archive} is signed by the key {found}, and {trusted} is trusted; if it is from your device, "
                "compare with what `foresight archive CONFIG` shows there, and give that to --trust"
            )
        signature = _whole(members, archive, SIGNATURE, MOST_SIGNATURE_BYTES)
        signed = _whole(members, archive, MANIFEST, MOST_JSON_BYTES)
        check_signature(key, signature, signed, archive)
        try:
            manifest = decode_manifest(signed)
        except ValueError as error:
            raise TrainError(f"{archive}: its manifest cannot be used: {error}") from error
        _refuse_lack_of_room(manifest, folder)
        (folder / PICTURES).mkdir()
        for name, part in manifest.files.items():
            _extract(members, archive, name, part, folder / name)
        if (more := members.next()) is not None:
            raise TrainError(f"{archive} holds {more.name!r}, which its manifest does not name; nothing was imported")
    return Unpacked(archive, folder, manifest)


@contextmanager
def _opened(archive: Path) -> Iterator[BinaryIO]:
    try:
        if not archive.is_file():
            raise TrainError(f"there is no file {archive}; name what `foresight archive` wrote")
        if archive.stat().st_size > MOST_BYTES + (64 << 20):
            raise TrainError(f"{archive} has more than {MOST_BYTES >> 30} GiB; archive more often")
        with archive.open("rb") as file:
            yield file
    except OSError as error:
        raise TrainError(f"{error.filename or archive}: {error.strerror}; nothing was imported") from error


def _whole(members: Members, archive: Path, name: str, most_bytes: int) -> bytes:
    """The content of the next member, which must be this one."""
    member = members.next()
    if member is None or member.name != name:
        found = "its end" if member is None else repr(member.name)
        raise TrainError(f"{archive}: {name} should stand where {found} does; it is no archive, or was tampered with")
    if member.size_bytes > most_bytes:
        raise TrainError(f"{archive}: {name} has {member.size_bytes} bytes, more than {most_bytes}; it is refused")
    return members.read(member.size_bytes)


def _extract(members: Members, archive: Path, name: str, part: Part, to: Path) -> None:
    member = members.next()
    if member is None or (member.name, member.size_bytes) != (name, part.size_bytes):
        found = "its end" if member is None else f"{member.name!r} of {member.size_bytes} bytes"
        raise TrainError(
            f"{archive}: {name} of {part.size_bytes} bytes should stand where {found} does; it is damaged or was "
            "tampered with; nothing was imported"
        )
    digest = hashlib.sha256()
    with to.open("xb") as file:
        while piece := members.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())  # the device may forget what was brought in
    if digest.hexdigest() != part.sha256:
        raise TrainError(f"{archive}: {name} is not what was signed; nothing was imported; copy the file again")


def _refuse_lack_of_room(manifest: Manifest, folder: Path) -> None:
    needed = sum(part.size_bytes for part in manifest.files.values())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainError(f"{folder.parent} has {free >> 20} MiB left and {needed >> 20} MiB are needed; make room")
