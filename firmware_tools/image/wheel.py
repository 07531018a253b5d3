"""A wheel file: what it is, what it wants, and where it runs. It comes from outside and is only read here."""

import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_tools.errors import MistakeError

if TYPE_CHECKING:
    from packaging.tags import Tag

LARGEST_METADATA_BYTES = 1 << 20
LARGEST_BYTES = 4 << 30  # unpacked


@dataclass(frozen=True, eq=False)
class Wheel:
    """A wheel.

    Attributes:
        path: the file.
        name: as the index writes it, in lower case with hyphens.
        version: in its normal form.
        tags: where it runs.
        metadata: its METADATA.
    """

    path: Path
    name: str
    version: str
    tags: "frozenset[Tag]"
    metadata: Message


def read_wheel(path: Path) -> Wheel:
    """Raises MistakeError: it is none."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename  # noqa: PLC0415 - of the extra `firmware`

    try:
        name, version, _, tags = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            metadata = HeaderParser().parsestr(_metadata(archive).decode(errors="replace"))
    except (OSError, ValueError, zipfile.BadZipFile, InvalidWheelFilename) as error:
        raise MistakeError(f"{path} is no wheel that can be used: {error}; fetch it anew, or remove it") from error
    return Wheel(path, name, str(version), tags, metadata)


def _metadata(archive: zipfile.ZipFile) -> bytes:
    inside = [item for item in archive.infolist() if _is_metadata(item.filename)]
    if len(inside) != 1 or inside[0].file_size > LARGEST_METADATA_BYTES:
        raise ValueError("it has no METADATA, or too much of it")
    if sum(item.file_size for item in archive.infolist()) > LARGEST_BYTES:
        raise ValueError("it would unpack to more than any wheel")
    return archive.read(inside[0])


def _is_metadata(name: str) -> bool:
    folder, _, file = name.partition("/")
    return file == "METADATA" and folder.endswith(".dist-info")
