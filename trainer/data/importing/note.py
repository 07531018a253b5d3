"""The note of what was imported into a data set, by which nothing is imported twice."""

from collections.abc import Iterable
from pathlib import Path

from edge.contracts.archive import MOST_JSON_BYTES
from edge.contracts.stored import StateError, Stored, texts
from trainer.errors import TrainError

NOTE = "imported.json"


def begin_note(out: Path) -> None:
    """Make the folder one that imports go into. Raises OSError."""
    if not (out / NOTE).exists():
        write_note(out, [])


def read_note(out: Path) -> list[str]:
    """The names of the pictures that were imported into a folder; none where nothing was.

    Raises:
        TrainError: the note is damaged, or a newer version wrote it, which is left as it is.
    """
    if not (out / NOTE).exists():
        return []
    try:
        told = _stored(out).read()
    except StateError as error:
        raise TrainError(f"{error}; nothing was imported") from error
    if told is None:
        raise TrainError(f"{out / NOTE} was damaged; restore it, or import into another folder (--out)")
    return texts(told)


def write_note(out: Path, names: Iterable[str]) -> None:
    """Replace it, each name once. Raises OSError."""
    _stored(out).write(list(dict.fromkeys(names)))


def _stored(out: Path) -> Stored:
    return Stored(out / NOTE, limit_bytes=MOST_JSON_BYTES)
