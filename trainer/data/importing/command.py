"""What `foresight-train data import` does."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge.contracts.locking import HeldError, locked
from edge.contracts.stored import sync
from trainer.data.importing.contents import read_looks, read_proposed
from trainer.data.importing.merging import merge, merge_looks
from trainer.data.importing.note import NOTE, begin_note, read_note
from trainer.data.importing.trust import trusted_fingerprint
from trainer.data.importing.unpacking import unpack
from trainer.errors import TrainError

UNFINISHED, LOCK, LOCK_S = ".importing", ".import-lock", 60.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    device: str
    pictures: int  # new ones
    boxes: int  # in them
    looks: int  # new ones without a picture
    known: int  # pictures that were there already


def import_archive(archive: Path, trust: str, out: Path, console: Console) -> None:
    """Check an archive, and add what is new in it to a data set; all of it is on disk before that is said.

    Args:
        archive: the file.
        trust: fingerprint of the device's key, or a file with the key.
        out: the data set's folder; made where it is not there.
        console: for what is said.

    Raises:
        TrainError: nothing was imported; says why, and what to do.
    """
    trusted = trusted_fingerprint(trust)
    _refuse_foreign(out)
    try:
        with _folder(out), _alone(out):
            came = _brought_in(archive, trusted, out)
    except OSError as error:
        raise TrainError(f"{error.filename or out}: {error.strerror}; make room, or name another folder") from error
    told = f"{archive} from {came.device}: {came.pictures} new pictures with {came.boxes} proposed boxes, "
    told += f"{came.looks} new looks without a picture; {came.known} pictures were there already"
    lines = [told]
    if came.pictures:
        lines.append(
            f"the boxes are the device's guesses: correct {out}/annotations.json in a labelling tool that reads COCO, "
            f"then `foresight-train data check {out}`"
        )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _brought_in(archive: Path, trusted: str, out: Path) -> Imported:
    staging = out / UNFINISHED
    read_note(out)  # refuses what a newer version wrote before anything is done
    try:
        shutil.rmtree(staging, ignore_errors=True)  # of an import that was cut off
        staging.mkdir()
        unpacked = unpack(archive, trusted, staging)
        proposed, lines = read_proposed(unpacked), read_looks(unpacked)
        begin_note(out)
        pictures, boxes = merge(unpacked, proposed, out)
        looks = merge_looks(lines, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Imported(unpacked.manifest.device, pictures, boxes, looks, len(proposed) - pictures)


def _refuse_foreign(out: Path) -> None:
    """Refuse a place that holds what no import has put there. Hidden files are nobody's data.

    Raises:
        TrainError: it does.
    """
    if out.exists() and not out.is_dir():
        raise TrainError(f"{out} is no folder; name another (--out)")
    others = [path.name for path in out.iterdir() if not path.name.startswith(".")] if out.is_dir() else []
    if others and NOTE not in others:
        raise TrainError(f"{out} holds {others[0]!r} and was not made by an import; name an empty folder (--out)")


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """The folder is there, and its name on disk; one that was made in vain is taken away again."""
    missing = [path for path in (out, *out.parents) if not path.exists()]
    out.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync(path.parent)
    try:
        yield
    finally:
        if missing:
            with suppress(OSError):  # not where there is something in it
                out.rmdir()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One import into a folder at a time: two would number their boxes alike."""
    try:
        with locked(out / LOCK, LOCK_S):
            yield
    except HeldError as error:
        raise TrainError(f"another import into {out} is at work ({error}); try again when it has ended") from error
