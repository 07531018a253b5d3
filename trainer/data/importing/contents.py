"""What an archive tells about its pictures, checked against them: the device is trusted, not its every line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.contracts.archive import ANNOTATIONS, LOOKS, MOST_JSON_BYTES, PICTURES
from edge.contracts.labels import MAX_LENGTH
from edge.uncertain.record import Record
from trainer.data.coco_rows import CocoFile, Row, read_coco_file
from trainer.data.files import read_text
from trainer.data.header import picture_size
from trainer.data.importing.rows import BoxRow, ImageRow, checked, plain
from trainer.data.importing.unpacking import Unpacked
from trainer.errors import TrainError

JPEG = b"\xff\xd8\xff"
SLACK_PX = 1.0  # that a rounded box may stick out
Labelled = tuple[str, BoxRow]


@dataclass(frozen=True, slots=True)
class Proposed:
    """One picture, and what the device holds to be in it."""

    name: str
    image: Row  # as COCO has it, without an id
    boxes: tuple[tuple[str, Row], ...]  # label, and the annotation without ids


def read_proposed(unpacked: Unpacked) -> list[Proposed]:
    """The pictures and their boxes.

    Raises:
        TrainError: the annotations are no such, do not fit the pictures, or a picture is none.
    """
    try:
        content = read_coco_file(unpacked.folder / ANNOTATIONS)
        images = _images(content, unpacked)
        boxes = _boxes(content, {image.id for image in images})
    except (TrainError, ValueError) as error:
        what = str(error).replace(f"{unpacked.folder / ANNOTATIONS}", "it")
        raise _unfit(unpacked, f"{ANNOTATIONS}: {what}") from error
    return [_proposed(unpacked, image, boxes.get(image.id, [])) for image in images]


def read_looks(unpacked: Unpacked) -> list[str]:
    """The looks without pictures, each a line of JSON that names the device as well.

    Raises:
        TrainError: they are none.
    """
    try:
        told = json.loads(read_text(unpacked.folder / LOOKS, MOST_JSON_BYTES))
        rows = told.get("looks") if isinstance(told, dict) else None
        if not isinstance(rows, list):
            raise _unfit(unpacked, f"{LOOKS}: `looks` must be a list")
        records = checked(Record, rows, "looks")
    except (ValueError, RecursionError) as error:
        raise _unfit(unpacked, f"{LOOKS}: {error}") from error
    device = unpacked.manifest.device
    return [json.dumps({"device": device, "look": one.model_dump(mode="json")}) for one in records]


def _proposed(unpacked: Unpacked, image: ImageRow, boxes: Sequence[Labelled]) -> Proposed:
    name = image.file_name
    path = unpacked.folder / PICTURES / name
    with path.open("rb") as file:
        if file.read(len(JPEG)) != JPEG:
            raise _unfit(unpacked, f"{name} is no JPEG")
    try:
        size = picture_size(path)
    except TrainError as error:
        raise _unfit(unpacked, f"{name} cannot be used: {error}") from error
    if size != (image.width, image.height):
        raise _unfit(unpacked, f"{name} is said to have {image.width} x {image.height} pixels, and has {size}")
    if any(_sticks_out(box.bbox, size) for _, box in boxes):
        raise _unfit(unpacked, f"a box in {name} does not lie in it")
    rows = tuple((label, box.model_dump(mode="json", exclude={"image_id", "category_id"})) for label, box in boxes)
    return Proposed(name, image.model_dump(mode="json", exclude={"id"}), rows)


def _images(content: CocoFile, unpacked: Unpacked) -> list[ImageRow]:
    """The images, one for each picture. Raises ValueError."""
    images = checked(ImageRow, content.images, "images")
    names, numbers = {image.file_name for image in images}, {image.id for image in images}
    if not len(names) == len(numbers) == len(images) or names != unpacked.pictures.keys():
        raise ValueError("its images are not its pictures, each once")
    return images


def _boxes(content: CocoFile, images: set[int]) -> Mapping[int, list[Labelled]]:
    """Label and annotation by the id of the image. Raises ValueError."""
    for name in content.names.values():
        if len(name) > MAX_LENGTH:
            raise ValueError(f"the class {name[:40]!r}... has no name that a label could have")
        try:
            plain(name)
        except ValueError as error:
            raise ValueError(f"the class {name[:40]!r} has no name that a label could have") from error
    boxes: dict[int, list[Labelled]] = {}
    for at, row in enumerate(checked(BoxRow, content.annotations, "annotations")):
        label = content.names.get(str(row.category_id))
        if label is None or row.image_id not in images:
            raise ValueError(f"annotations[{at}] is of no image or of no class")
        boxes.setdefault(row.image_id, []).append((label, row))
    return boxes


def _sticks_out(bbox: Sequence[float], size: tuple[int, int]) -> bool:
    x, y, width, height = bbox
    inside = min(x, y) >= -SLACK_PX and x + width <= size[0] + SLACK_PX and y + height <= size[1] + SLACK_PX
    return not inside or min(width, height) <= 0


def _unfit(unpacked: Unpacked, what: str) -> TrainError:
    return TrainError(f"{unpacked.archive}: {what}; nothing was imported; a device of the same version should write it")
