"""What the teacher saw, kept on disk clip by clip: a labelling that was cut off goes on, and is the same at the end.

A note is used only for the same clip, teacher and settings; anything else, a damaged file too, is looked at again.
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from edge.contracts.arrays import ArraysError, pack, unpack
from edge.contracts.stored import replace_file
from edge.contracts.types import Detections
from trainer.adapt.footage import Clip
from trainer.adapt.looks import Look
from trainer.adapt.watching import Watched
from trainer.errors import TrainError


class Notes:
    """The notes in one folder."""

    def __init__(self, folder: Path, told: str) -> None:
        """Nothing is read yet.

        Args:
            folder: need not be there.
            told: all that the looks depend on beside the clip: teacher, labels, settings.
        """
        self._folder = folder
        self._told = told

    def read(self, clip: Clip) -> Watched | None:
        """What was noted of a clip; None where there is no such note."""
        try:
            note = unpack(self._path(clip).read_bytes())
            if str(note["key"]) != self._key(clip):
                return None
            found = Detections(note["box"], note["score"], note["label"])
            ends = np.cumsum(note["count"])
            spans = zip(note["t_s"].tolist(), (ends - note["count"]).tolist(), ends.tolist(), strict=True)
            looks = tuple(Look(t_s, found[begin:end]) for t_s, begin, end in spans)
            width, height = note["size"].tolist()
            return Watched(clip, width, height, looks, note["number"], note["kept"])
        except (OSError, ArraysError, ValueError, TypeError, KeyError):
            return None

    def write(self, watched: Watched) -> None:
        """Note a clip.

        Raises:
            TrainError: the disk does not take it.
        """
        found = [look.found for look in watched.looks]
        data = pack(
            {
                "key": np.array(self._key(watched.clip)),
                "t_s": np.array([look.t_s for look in watched.looks], np.float64),
                "count": np.array([len(one) for one in found], np.int64),
                "box": np.concatenate([np.zeros((0, 4), np.float32), *(one.box for one in found)]),
                "score": np.concatenate([np.zeros(0, np.float32), *(one.score for one in found)]),
                "label": np.concatenate([np.zeros(0, np.int64), *(one.label for one in found)]),
                "size": np.array([watched.width, watched.height]),
                "number": watched.number,
                "kept": watched.kept,
            }
        )
        path = self._path(watched.clip)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise TrainError(f"{path} cannot be written: {why}; name another folder (--run)") from error

    def _path(self, clip: Clip) -> Path:
        return self._folder / f"{clip.name}.npz"

    def _key(self, clip: Clip) -> str:
        """Changes with the clip, the teacher and the settings."""
        files = [clip.path] if clip.is_video else sorted(clip.path.iterdir())
        stated = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        return hashlib.sha256(repr((self._told, stated)).encode()).hexdigest()
