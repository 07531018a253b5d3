"""Labelled footage written as a data set: pictures, COCO JSON for each part, and what is unsure in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.stored import replace_file
from edge.contracts.types import F32, U8
from trainer.adapt.blanking import blanked
from trainer.adapt.division import Division
from trainer.adapt.footage import shots
from trainer.adapt.looks import Labelled
from trainer.adapt.settings import FootageSettings
from trainer.adapt.watching import Watched
from trainer.data.coco_writing import write_coco
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError

IMAGES, UNSURE, TRAIN, TEST = "images", "unsure.json", "train", "test"
QUALITY = 92  # of the JPEG files: fine enough for training, a tenth of PNG's size


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """One picture of the data set, and what is unsure in it."""

    part: str  # TRAIN or TEST
    picture: Picture
    unsure: F32  # (M, 4)


def keep_pictures(
    watched: Watched, labelled: Sequence[Labelled], division: Division, folder: Path, settings: FootageSettings
) -> list[Kept]:
    """Read a clip once more and write the frames that are kept. Unsure areas are blanked in those of training only.

    Raises:
        TrainError: the clip cannot be read any more, or the pictures cannot be written.
    """
    wanted = {
        int(number): (division.part(look.t_s), look)
        for number, look, kept in zip(watched.number, labelled, watched.kept, strict=True)
        if kept and division.part(look.t_s)
    }
    found = []
    for shot in shots(watched.clip, settings) if wanted else ():
        part, look = wanted.get(shot.number, ("", None))
        if look is not None:
            path = folder / IMAGES / part / f"{watched.clip.name}-{shot.number:07d}.jpg"
            _save(blanked(shot.pixels, look.unsure, look.box) if part == TRAIN else shot.pixels, path)
            found.append(Kept(part, Picture(path, watched.width, watched.height, look.box, look.label), look.unsure))
    return found


def write_set(kept: Sequence[Kept], labels: tuple[str, ...], folder: Path) -> dict[str, Dataset]:
    """Write the JSON of both parts; their labels are renumbered to those that are used.

    Raises:
        TrainError: it cannot be written.
    """
    used = sorted({label for one in kept for label in one.picture.label.tolist()})
    rows = np.full(len(labels), -1, np.int64)
    rows[used] = np.arange(len(used))
    names = tuple(labels[label] for label in used)
    parts = {}
    try:
        for part in (TRAIN, TEST):
            pictures = [replace(one.picture, label=rows[one.picture.label]) for one in kept if one.part == part]
            parts[part] = Dataset(names, tuple(pictures))
            write_coco(parts[part], folder / f"instances_{part}.json", folder / IMAGES)
        areas = {one.picture.path.relative_to(folder / IMAGES).as_posix(): one.unsure.tolist() for one in kept}
        replace_file(folder / UNSURE, json.dumps(areas).encode())
    except OSError as error:
        raise TrainError(f"{folder} cannot be written: {error.strerror}; name another folder (--run)") from error
    return parts


def read_unsure(folder: Path) -> Mapping[Path, F32]:
    """The unsure areas (M, 4) of each picture that `write_set` wrote.

    Raises:
        TrainError: they cannot be read.
    """
    path = folder / UNSURE
    try:
        areas = json.loads(path.read_text()).items()
        return {folder / IMAGES / name: np.array(rows, np.float32).reshape(-1, 4) for name, rows in areas}
    except (OSError, ValueError, AttributeError) as error:
        raise TrainError(f"{path} cannot be read: {error}; label the footage again") from error


def _save(pixels: U8, path: Path) -> None:
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise TrainError(f"{path}: the frame cannot be written as JPEG; convert the clip")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data.tobytes())
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error.strerror}; name another folder (--run)") from error
