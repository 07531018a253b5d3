"""What of the kept looks goes into one archive: the oldest, as many as one archive may hold."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from edge.contracts.archive import MOST_BYTES, MOST_JSON_BYTES, MOST_PICTURE_BYTES, MOST_PICTURES
from edge.contracts.stored import Json
from edge.uncertain.allowing import Allowed
from edge.uncertain.proposals import proposals
from edge.uncertain.reading import PICTURE, readable, record_paths
from edge.uncertain.record import Record

BLOCK = 512  # of a tar
SPARE_BYTES = 64 << 10  # of a list, for what stands around its rows
NUMBERS_BYTES = 40  # more than an annotation's numbers take where there is more than one look


@dataclass(frozen=True, slots=True)
class Room:
    """What one archive takes."""

    json_bytes: int = MOST_JSON_BYTES  # of either list
    pictures: int = MOST_PICTURES
    bytes: int = MOST_BYTES


@dataclass(slots=True)
class Portion:
    """Looks for one archive."""

    records: list[Record] = field(default_factory=list)  # as they are packed: with a picture only where it may go
    damaged: int = 0  # looks whose picture is not what was kept
    withheld: int = 0  # pictures that the present configuration does not allow to go
    left: int = 0  # looks that are newer, and for which there was no room


def portion(folder: Path, allowed: Allowed, room: Room) -> Portion:
    """The oldest looks of a folder, as many as there is room for.

    Raises:
        OSError: the folder cannot be read, or is another user's.
    """
    made, used, paths = Portion(), _Used(), record_paths(folder)
    for at, path in enumerate(paths):
        record = readable(path)
        if record is None:
            continue
        withheld = bool(record.picture) and not allowed(record)
        packed = record.model_copy(update={"picture": ""}) if withheld else record
        size_bytes = picture_bytes(folder, packed)
        if size_bytes is None:
            made.damaged += 1
            continue
        if not used.add(packed, size_bytes, room):
            made.left = len(paths) - at
            break
        made.withheld += withheld
        made.records.append(packed)
    return made


def picture_bytes(folder: Path, record: Record) -> int | None:
    """How large the picture of a look is, 0 without one; None where it is not there as it was written."""
    if not record.picture:
        return 0
    try:
        with picture_path(folder, record).open("rb") as file:
            data = file.read(MOST_PICTURE_BYTES + 1)
    except OSError:
        return None
    whole = len(data) <= MOST_PICTURE_BYTES and hashlib.sha256(data).hexdigest() == record.picture
    return len(data) if whole else None


def picture_path(folder: Path, record: Record) -> Path:
    """Where the picture of a look lies."""
    return (folder / record.name).with_suffix(PICTURE)


def encoded(told: Json) -> bytes:
    """JSON as it stands in archives."""
    return json.dumps(told, ensure_ascii=False).encode()


@dataclass(slots=True)
class _Used:
    """What the looks so far take, at most."""

    annotations_bytes: int = SPARE_BYTES
    looks_bytes: int = SPARE_BYTES
    pictures: int = 0
    bytes: int = 0

    def add(self, record: Record, picture_bytes: int, room: Room) -> bool:
        """Count a look and its picture in; False, and nothing is counted, where there is no room for it."""
        annotations, looks, whole = self.annotations_bytes, self.looks_bytes, self.bytes
        if record.picture:
            text = len(encoded(proposals("", [record]))) + NUMBERS_BYTES * len(record.things)
            annotations += text
            whole += text + picture_bytes + 2 * BLOCK
        else:
            text = len(encoded(record.model_dump(mode="json"))) + 2
            looks += text
            whole += text
        pictures = self.pictures + bool(record.picture)
        if max(annotations, looks) > room.json_bytes or pictures > room.pictures or whole > room.bytes:
            return False
        self.annotations_bytes, self.looks_bytes, self.pictures, self.bytes = annotations, looks, pictures, whole
        return True
