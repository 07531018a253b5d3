"""A contact sheet of labelled pictures, to see with one's own eyes whether the boxes are where they should be."""

from pathlib import Path

import cv2
import numpy as np

from edge.contracts.stored import replace_file
from edge.contracts.types import U8
from edge.drawing import caption, colour_of, contact_sheet, to_pixels
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError

CELL = (480, 360)  # pixels of one picture while boxes are drawn: lines and letters stay legible in the sheet
BACKGROUND = 24


def preview(dataset: Dataset, most: int, columns: int, width: int, seed: int) -> U8:
    """Pictures drawn by chance, in their order, with boxes and labels; those that cannot be read are grey.

    Args:
        dataset: where they are taken from.
        most: how many pictures.
        columns: pictures in a row.
        width: of the sheet, pixels.
        seed: another one, other pictures.
    """
    count = min(most, len(dataset))
    chosen = np.sort(np.random.default_rng(seed).choice(len(dataset), count, replace=False)).tolist()
    drawn = [_drawn(dataset.pictures[row], dataset.labels) for row in chosen]
    return contact_sheet(drawn, min(columns, max(count, 1)), width)


def write_png(sheet: U8, path: Path) -> None:
    """Write a sheet.

    Raises:
        TrainError: it cannot be written.
    """
    done, data = cv2.imencode(".png", sheet)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data.tobytes() if done else b"")
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error.strerror}; name another place (--out)") from error


def _drawn(picture: Picture, labels: tuple[str, ...]) -> U8:
    pixels = cv2.imread(str(picture.path), cv2.IMREAD_COLOR)
    scale = min(CELL[0] / picture.width, CELL[1] / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    shown: U8 = np.full((size[1], size[0], 3), 114, np.uint8)
    if pixels is not None:
        shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for box, label in zip(picture.box, picture.label.tolist(), strict=True):
        top_left, bottom_right = to_pixels(box.reshape(2, 2), shown)
        cv2.rectangle(shown, top_left, bottom_right, colour_of(label), 2, cv2.LINE_AA)
        caption(shown, labels[label], top_left, colour_of(label))
    return _framed(shown, picture.path.name)


def _framed(shown: U8, name: str) -> U8:
    """The picture in the middle of a cell, its name in the corner."""
    cell: U8 = np.full((CELL[1], CELL[0], 3), BACKGROUND, np.uint8)
    top, left = (CELL[1] - shown.shape[0]) // 2, (CELL[0] - shown.shape[1]) // 2
    cell[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    caption(cell, name, (0, CELL[1]), (40, 40, 40))
    return cell
