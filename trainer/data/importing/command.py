"""What `foresight-train data import` does."""

import shutil
from pathlib import Path

from rich.console import Console

from trainer.data.importing.contents import read_looks, read_proposed
from trainer.data.importing.merging import UNFINISHED, begin, merge, merge_looks, refuse_foreign
from trainer.data.importing.trust import trusted_fingerprint
from trainer.data.importing.unpacking import unpack
from trainer.errors import TrainError


def import_archive(archive: Path, trust: str, out: Path, console: Console) -> None:
    """Check an archive, and add what is new in it to a data set.

    Args:
        archive: the file.
        trust: fingerprint of the device's key, or a file with the key.
        out: the data set's folder; made where it is not there.
        console: for what is said.

    Raises:
        TrainError: nothing was imported; says why, and what to do.
    """
    trusted = trusted_fingerprint(trust)
    refuse_foreign(out)
    begun = out.exists()
    staging = out / UNFINISHED
    try:
        shutil.rmtree(staging, ignore_errors=True)  # of an import that was cut off
        staging.mkdir(parents=True)
        unpacked = unpack(archive, trusted, staging)
        proposed, lines = read_proposed(unpacked), read_looks(unpacked)
        begin(out)
        pictures, boxes = merge(unpacked, proposed, out)
        looks = merge_looks(lines, out)
    except OSError as error:
        raise TrainError(f"{error.filename or out}: {error.strerror}; make room, or name another folder") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if not begun and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
    known = len(proposed) - pictures
    told = f"{archive} from {unpacked.manifest.device}: {pictures} new pictures with {boxes} proposed boxes, "
    told += f"{looks} new looks without a picture; {known} pictures were there already"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    if pictures:
        console.print(
            f"the boxes are the device's guesses: correct {out}/annotations.json in a labelling tool that reads COCO, "
            f"then `foresight-train data check {out}`",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
