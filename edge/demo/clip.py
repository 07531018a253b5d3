"""What is shipped: a small detector of the street's people, cars and bicycles, a clip of the street, its exact truth.

The truth is a CSV file with a line for each object in each picture: `picture` (from 0), `id`, `label`, the box
`x1,y1,x2,y2` as fractions of the picture, and the share `visible` that can be seen.
"""

import csv
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.errors import SourceError
from edge.demo.street import Street, Weather
from edge.demo.truth import LABELS, Truth

SHIPPED = Path(__file__).with_name("shipped")
MODEL, CLIP, CLIP_TRUTH = SHIPPED / "street.tflite", SHIPPED / "street.mp4", SHIPPED / "street.csv"
CLIP_SEED, CLIP_FPS, CLIP_S, CLIP_SIZE = 42, 10.0, 6.0, (640, 360)
_COLUMNS = ("picture", "id", "label", "x1", "y1", "x2", "y2", "visible")


class ClipTruth:
    """The truth about a clip, picture by picture.

    Raises:
        SourceError: the file cannot be read.
    """

    def __init__(self, path: Path = CLIP_TRUTH) -> None:
        self._rows: dict[int, list[list[float]]] = {}
        try:
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    numbers = [float(row[name]) for name in _COLUMNS[3:]]
                    here = self._rows.setdefault(int(row["picture"]), [])
                    here.append([float(row["id"]), float(LABELS.index(row["label"])), *numbers])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{path} is not the truth about a clip: {error}; install Foresight again") from error

    def truth(self, seq: int) -> Truth:
        """What is in picture `seq` of the clip."""
        rows = np.array(self._rows.get(seq, []), np.float64).reshape(-1, len(_COLUMNS) - 1)
        ids, labels = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
        return Truth(ids, labels, rows[:, 2:6].astype(np.float32), rows[:, 6].astype(np.float32))


def write_clip(path: Path, truth: Path, seconds: float = CLIP_S) -> None:
    """Film the street and write down what is in it; made the shipped clip.

    Raises:
        SourceError: the clip cannot be written.
    """
    street = Street(CLIP_SEED, CLIP_SIZE, Weather(noise=1.0), parked=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), CLIP_FPS, CLIP_SIZE)
    if not writer.isOpened():
        raise SourceError(f"{path} cannot be written; does its folder exist, and may it be written to?")
    try:
        with truth.open("w", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(_COLUMNS)
            for number, (pixels, _, there) in enumerate(islice(street.frames(CLIP_FPS), round(seconds * CLIP_FPS))):
                writer.write(pixels)
                lines.writerows(_lines(number, there))
    finally:
        writer.release()


def _lines(number: int, truth: Truth) -> list[tuple[object, ...]]:
    columns = zip(truth.id.tolist(), truth.label.tolist(), truth.box.tolist(), truth.visible.tolist(), strict=True)
    return [
        (number, identity, LABELS[label], *(f"{side:.5f}" for side in box), f"{visible:.4f}")
        for identity, label, box, visible in columns
    ]
