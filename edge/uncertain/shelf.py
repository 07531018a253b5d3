"""The kept looks on disk, within a limit: for each a record, and a picture where that is allowed.

The folder is its own index. A picture is written before its record and deleted after it, so a record is never without
its picture, whenever the power fails; a picture without a record is deleted at the next start.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.contracts.archive import MOST_PICTURE_BYTES
from edge.contracts.stored import DAMAGED, replace_file
from edge.uncertain.reading import MOST_RECORD_BYTES, PICTURE, RECORD, read_record
from edge.uncertain.record import Record

UNFINISHED = "."
MOST_RECORDS = 20_000
KEPT_DAMAGED = 20
SPARE_BYTES = 64 << 20  # of the disk that stay free for what matters more
_log = logging.getLogger(__name__)


class _Entry(NamedTuple):
    group: tuple[str, str]  # camera and label
    priority: float
    size_bytes: int


def free_bytes(folder: Path) -> int:
    """What the disk has left."""
    return shutil.disk_usage(folder).free


class Shelf:
    """Kept looks. One thread writes; `foresight archive` may read beside it.

    Args:
        folder: made when it is opened.
        limit_bytes: of all files together.
        most: records.
        free: tells how much the disk has left.
    """

    def __init__(
        self, folder: Path, limit_bytes: int, most: int = MOST_RECORDS, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._folder, self._limit_bytes, self._most, self._free = folder, limit_bytes, most, free
        self._entries: dict[str, _Entry] = {}

    @property
    def size_bytes(self) -> int:
        """Of everything kept."""
        return sum(entry.size_bytes for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def open(self) -> list[Record]:
        """What is there from before; what is damaged is put aside, what is half written is deleted.

        Raises:
            OSError: the folder cannot be made or read.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        records = []
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(UNFINISHED):
                path.unlink(missing_ok=True)
            elif path.suffix == RECORD and (record := self._read(path)):
                records.append(record)
                self._entries[record.name] = _entry(record, _size(path) + _size(path.with_suffix(PICTURE)))
        self._sweep()
        self._make_room()
        return [record for record in records if record.name in self._entries]

    def keep(self, record: Record, jpeg: bytes) -> bool:
        """Take a look in, on disk when this returns.

        False where others tell more, the disk is nearly full, or it is larger than what is read or archived.

        Raises:
            OSError: the disk takes nothing; the look is not kept, nor are those that had to make room for it.
        """
        data = record.model_dump_json().encode()
        entry = _entry(record, len(data) + len(jpeg))
        if len(data) > MOST_RECORD_BYTES or len(jpeg) > MOST_PICTURE_BYTES or entry.size_bytes > self._limit_bytes:
            return False
        if self._free(self._folder) < SPARE_BYTES + entry.size_bytes:
            return False
        if self.size_bytes + entry.size_bytes > self._limit_bytes:  # some may have been archived and forgotten
            there = {path.stem for path in self._folder.glob(f"*{RECORD}")}
            self._entries = {name: one for name, one in self._entries.items() if name in there}
        self._entries[record.name] = entry
        if record.name in self._make_room():
            return False
        path = self._folder / record.name
        try:
            if jpeg:
                replace_file(path.with_suffix(PICTURE), jpeg)
            replace_file(path.with_suffix(RECORD), data)
        except OSError:
            del self._entries[record.name]
            raise
        return True

    def _make_room(self) -> set[str]:
        """Give up the least telling looks of what there is most of, until all is within the limit; their names."""
        gone: set[str] = set()
        size = self.size_bytes
        while size > self._limit_bytes or len(self._entries) > self._most:
            most = Counter(entry.group for entry in self._entries.values()).most_common(1)[0][0]
            mine = [(entry.priority, name) for name, entry in self._entries.items() if entry.group == most]
            name = min(mine)[1]
            size -= self._entries.pop(name).size_bytes
            gone.add(name)
            forget(self._folder, name)
        return gone

    def _read(self, path: Path) -> Record | None:
        try:
            return read_record(path)
        except ValueError as error:
            aside = path.with_name(path.name + DAMAGED)
            _log.warning("%s is damaged (%s); it is %s now", path, error, aside.name)
            path.replace(aside)
        except OSError as error:
            _log.warning("%s cannot be read: %s; left where it is", path, error)
        return None

    def _sweep(self) -> None:
        """Delete pictures without a record, and all but the newest of what is damaged.

        A record that cannot be read just now keeps its picture.
        """
        for path in self._folder.glob(f"*{PICTURE}"):
            if path.stem not in self._entries and not path.with_suffix(RECORD).exists():
                path.unlink(missing_ok=True)
        for path in sorted(self._folder.glob(f"*{DAMAGED}"))[:-KEPT_DAMAGED]:
            path.unlink(missing_ok=True)


def forget(folder: Path, name: str) -> None:
    """Delete a look: the record first."""
    for suffix in (RECORD, PICTURE):
        (folder / name).with_suffix(suffix).unlink(missing_ok=True)


def _entry(record: Record, size_bytes: int) -> _Entry:
    return _Entry((record.camera, record.doubts[0].label), record.priority, size_bytes)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
