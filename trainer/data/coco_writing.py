"""A data set written as COCO JSON, which every tool reads."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from edge.contracts.stored import replace_file
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError

DIGITS = 3  # of pixels


def write_coco(dataset: Dataset, path: Path, pictures: Path | None = None) -> None:
    """Write the boxes; the pictures stay where they are.

    Args:
        dataset: what is written.
        path: of the JSON; its folder is made.
        pictures: the folder that `file_name` is relative to; none = that of the JSON. A reader finds the pictures
            again if it is `images` or `pictures` beside the JSON, or the folder of the JSON or above it.

    Raises:
        TrainError: a picture lies elsewhere.
        OSError: it cannot be written.
    """
    base = (pictures or path.parent).absolute()
    content = {
        "info": {"description": "written by foresight-train"},
        "images": [_image(number, one, base) for number, one in enumerate(dataset.pictures, 1)],
        "annotations": [{"id": number, **row} for number, row in enumerate(_rows(dataset), 1)],
        "categories": [{"id": number, "name": name} for number, name in enumerate(dataset.labels, 1)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(content, ensure_ascii=False).encode())


def common_folder(dataset: Dataset) -> Path:
    """The deepest folder that holds all pictures, absolute.

    Raises:
        TrainError: there is no picture.
    """
    if not dataset.pictures:
        raise TrainError("a data set without pictures lies nowhere; add pictures")
    return Path(os.path.commonpath([one.path.absolute().parent for one in dataset.pictures]))


def _image(number: int, picture: Picture, base: Path) -> dict[str, object]:
    try:
        name = picture.path.absolute().relative_to(base)
    except ValueError as error:
        raise TrainError(f"{picture.path} does not lie in {base}; write the JSON for a folder that holds it") from error
    return {"id": number, "file_name": name.as_posix(), "width": picture.width, "height": picture.height}


def _rows(dataset: Dataset) -> Iterator[dict[str, object]]:
    for number, picture in enumerate(dataset.pictures, 1):
        corners = (picture.box.astype(float) * (picture.size * 2)).tolist()
        for label, (x1, y1, x2, y2) in zip(picture.label.tolist(), corners, strict=True):
            extent = [round(value, DIGITS) for value in (x1, y1, x2 - x1, y2 - y1)]
            area = round((x2 - x1) * (y2 - y1), DIGITS)
            yield {"image_id": number, "category_id": label + 1, "bbox": extent, "area": area, "iscrowd": 0}
