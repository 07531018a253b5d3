"""The archive by which looks that a device is unsure of travel to the workstation: a plain tar, signed.

Its members, in this order: the device's public key (PEM), the signature of the manifest (Ed25519, 64 bytes), the
manifest, `annotations.json` (COCO, the device's own guesses as proposals), `looks.json` (what was kept without a
picture), then the pictures by name. The manifest names every member after itself with its SHA-256 and size.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

FORM = 1
PUBLIC_KEY, SIGNATURE, MANIFEST = "device.pub", "manifest.sig", "manifest.json"
ANNOTATIONS, LOOKS, PICTURES = "annotations.json", "looks.json", "pictures/"
PICTURE_NAME = re.compile(r"[0-9a-f]{32}\.jpg")  # the beginning of its SHA-256
MOST_PICTURES = 20_000
MOST_KEY_BYTES, MOST_SIGNATURE_BYTES = 1024, 64
MOST_JSON_BYTES = 64 << 20
MOST_PICTURE_BYTES = 8 << 20
MOST_BYTES = 4 << 30  # of the whole file
MOST_SIDE_PX = 8192
MOST_NAME = 256  # letters of a device's name
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Part:
    """One member."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. `newest_utc_ns` is the time of the newest look in it."""

    device: str
    newest_utc_ns: int
    files: Mapping[str, Part]  # in the order of the archive


def encode_manifest(manifest: Manifest) -> bytes:
    """The text that is signed; the same manifest gives the same bytes."""
    files = [
        {"name": name, "sha256": part.sha256, "size_bytes": part.size_bytes} for name, part in manifest.files.items()
    ]
    told = {"foresight_archive": FORM, "device": manifest.device, "newest_utc_ns": manifest.newest_utc_ns}
    return json.dumps({**told, "files": files}, indent=1).encode()


def decode_manifest(data: bytes) -> Manifest:
    """Read the text of a manifest whose signature has been checked.

    Raises:
        ValueError: it is of a newer form, or none; says why.
    """
    try:
        told = json.loads(data)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    if not isinstance(told, dict) or told.get("foresight_archive") != FORM:
        form = told.get("foresight_archive") if isinstance(told, dict) else None
        raise ValueError(f"it has form {str(form)[:20]}, and {FORM} is the one known here; install the same version")
    device, newest, rows = told.get("device"), told.get("newest_utc_ns"), told.get("files")
    if not isinstance(device, str) or type(newest) is not int or not isinstance(rows, list):
        raise ValueError("it lacks device, newest_utc_ns or files")
    if not device.isprintable() or len(device) > MOST_NAME:
        raise ValueError(f"device: a name of at most {MOST_NAME} letters is needed, not {ascii(device)[:40]}")
    if len(rows) > MOST_PICTURES + 2:
        raise ValueError(f"it names {len(rows)} files, more than {MOST_PICTURES + 2}")
    files = dict(_part(row) for row in rows)
    if len(files) != len(rows):
        raise ValueError("it names a file twice")
    if list(files)[:2] != [ANNOTATIONS, LOOKS]:
        raise ValueError(f"its first files are not {ANNOTATIONS} and {LOOKS}")
    return Manifest(device, newest, files)


def limit_bytes(name: str) -> int:
    """How large a member named in the manifest may be.

    Raises:
        ValueError: no such member is known.
    """
    if name in {ANNOTATIONS, LOOKS}:
        return MOST_JSON_BYTES
    if name.startswith(PICTURES) and PICTURE_NAME.fullmatch(name.removeprefix(PICTURES)):
        return MOST_PICTURE_BYTES
    raise ValueError(f"it names {name[:80]!r}, which is no file of an archive")


def fingerprint(public_key: bytes) -> str:
    """By what a device's key is known: the SHA-256 of its 32 bytes, as hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def _part(row: object) -> tuple[str, Part]:
    told = row if isinstance(row, dict) else {}
    name, sha256, size = told.get("name"), told.get("sha256"), told.get("size_bytes")
    if not isinstance(name, str) or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError("a file in it has no name or no SHA-256")
    if type(size) is not int or not 0 <= size <= limit_bytes(name):
        raise ValueError(f"{name} has {str(size)[:20]} bytes; at most {limit_bytes(name)} are read")
    return name, Part(sha256, size)
