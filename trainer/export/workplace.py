"""Where a conversion works, and how what it made is put in its place: whole, or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.contracts.manifest import Manifest
from edge.contracts.stored import PUBLIC, replace_file
from trainer.errors import TrainError
from trainer.export.bundle import pack
from trainer.export.golden import with_golden


@contextmanager
def workplace(doing: str) -> Iterator[Path]:
    """A folder for requests, answers and bare models, which is gone afterwards.

    Args:
        doing: what is done there, for messages: "the conversion to int8".

    Raises:
        TrainError: the disk has no room for it, or what was to be made there is missing.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="foresight-export-") as folder:
            yield Path(folder)
    except FileNotFoundError as error:
        raise TrainError(f"{doing} left no model and gave no reason; start it again") from error
    except OSError as error:
        raise TrainError(f"{doing} needs room for its work: {error.strerror or error}; free some space") from error


def write_model(out: Path, bare: bytes, manifest: Manifest, labels: tuple[str, ...]) -> None:
    """Write a complete model file.

    Raises:
        TrainError: it is no model that runs, or the disk takes it not; `out` is as it was.
    """
    data = with_golden(pack(bare, manifest, labels))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, data, PUBLIC)
    except OSError as error:
        raise TrainError(
            f"{out} cannot be written: {error.strerror or error}; free some space, or name another"
        ) from error
