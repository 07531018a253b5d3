"""Opens a data set of recordings, whatever its form."""

from pathlib import Path

from trainer.errors import TrainError
from trainer.series.classify.folders import Asked, read_files
from trainer.series.classify.recordings import Recordings
from trainer.series.classify.sktime import SUFFIX, read_sktime


def open_recordings(place: Path, asked: Asked) -> Recordings:
    """Read everything.

    Raises:
        TrainError: it is not there, or nothing can be made of it.
    """
    if not place.exists():
        raise TrainError(f"{place} is not there; name a folder of recordings, or a .ts file")
    sktime = place.suffix == SUFFIX or (place.is_dir() and any(place.glob(f"*{SUFFIX}")))
    if not sktime:
        return read_files(place, asked)
    if asked.rate_hz <= 0:
        raise TrainError(f"{place}: .ts files do not say how many samples a second has; give it (--rate 10)")
    return read_sktime(place, asked.rate_hz)
