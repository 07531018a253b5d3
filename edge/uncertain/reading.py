"""Kept looks read from the folder in which they lie; nothing is changed."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from edge.uncertain.record import Record

RECORD, PICTURE = ".json", ".jpg"
MOST_RECORD_BYTES = 1 << 20
_log = logging.getLogger(__name__)


def record_paths(folder: Path) -> list[Path]:
    """The files of all looks, oldest first; none where there is no folder.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(path for path in folder.iterdir() if path.suffix == RECORD) if folder.is_dir() else []


def read_records(folder: Path) -> Iterator[Record]:
    """All that can be read, oldest first."""
    for path in record_paths(folder):
        if record := readable(path):
            yield record


def readable(path: Path) -> Record | None:
    """One record; None, which is told in the log, where it is damaged or its disk does not give it out.

    Raises:
        PermissionError: it is another user's.
    """
    try:
        return read_record(path)
    except PermissionError:
        raise
    except FileNotFoundError:  # forgotten meanwhile
        return None
    except (ValueError, OSError) as error:
        _log.warning("%s is left out: %s", path, error)
        return None


def read_record(path: Path) -> Record:
    """One record, whose picture is there if it tells of one.

    Raises:
        ValueError: it is damaged.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MOST_RECORD_BYTES + 1)
    if len(data) > MOST_RECORD_BYTES:
        raise ValueError(f"more than {MOST_RECORD_BYTES} bytes")
    try:
        record = Record.model_validate_json(data)
    except ValidationError as error:
        raise ValueError(f"no record: {error.errors()[0]['msg']}") from error
    if record.name != path.stem:
        raise ValueError("its name is another's")
    if record.picture and not path.with_suffix(PICTURE).exists():
        raise ValueError("its picture is missing")
    return record
