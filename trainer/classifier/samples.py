"""What a classifier learns from: whole pictures of one label, and the crops of objects as the daemon cuts them out.

Crops are written as files once, into the folder of the run: so calibration, the gate and whoever looks at the run see
the very pictures that were learnt from. They are cut as the daemon's second stage does, with its margin and its
smallest side.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.classify.settings import ClassifySettings
from edge.contracts.preprocess import WHOLE, whole_pixels
from edge.contracts.types import F32, U8
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError
from trainer.evaluate.running import read_pixels

AS_SERVED = ClassifySettings()
_WHOLE: F32 = np.array([WHOLE], np.float32)


def samples(dataset: Dataset, folder: Path, cut: ClassifySettings = AS_SERVED) -> Dataset:
    """One picture per sample, each with one label and a box that covers it whole.

    Pictures of one label that covers them are taken as they are; of all others the objects are cut out. What is too
    small for the daemon, or cannot be decoded, is left out.

    Args:
        dataset: of pictures with any number of boxes.
        folder: for the crops; those that are there already stay as they are.
        cut: margin and smallest side.

    Raises:
        TrainError: the folder cannot be written.
    """
    made: list[Picture] = []
    for picture in dataset.pictures:
        made.extend([picture] if is_whole(picture) else _crops(picture, len(made), folder, cut))
    return Dataset(dataset.labels, tuple(made))


def is_whole(picture: Picture) -> bool:
    """Whether it is of one label that covers it."""
    return len(picture.label) == 1 and np.allclose(picture.box[0], WHOLE, atol=1e-3)


def _crops(picture: Picture, first: int, folder: Path, cut: ClassifySettings) -> Sequence[Picture]:
    side = picture.box[:, 2:] - picture.box[:, :2]
    large = np.flatnonzero((side * picture.size >= cut.min_side_px).all(axis=1))
    pixels = read_pixels(picture.path) if len(large) else None
    if pixels is None:
        return ()
    room = side * np.float32(cut.margin)
    box = np.clip(np.concatenate([picture.box[:, :2] - room, picture.box[:, 2:] + room], axis=1), 0, 1)
    height, width = pixels.shape[:2]
    found: list[Picture] = []
    for row in large.tolist():
        x1, y1, x2, y2 = whole_pixels(tuple(box[row].tolist()), width, height)
        path = folder / f"{first + len(found):06d}_{picture.path.stem}_{row}.png"
        _write(path, pixels[y1:y2, x1:x2])
        found.append(Picture(path, x2 - x1, y2 - y1, _WHOLE, picture.label[row : row + 1]))
    return found


def _write(path: Path, pixels: U8) -> None:
    if path.exists():
        return
    made, data = cv2.imencode(".png", pixels)
    assert made, "a PNG of any pixels can be made"
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data.tobytes())
        part.replace(path)
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {os.strerror(error.errno or 0)}; free some space") from error
