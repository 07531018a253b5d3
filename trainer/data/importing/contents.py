"""What an archive tells about its pictures, checked against them: the device is trusted, not its every line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.archive import ANNOTATIONS, LOOKS, MOST_JSON_BYTES, MOST_SIDE_PX, PICTURES
from edge.contracts.labels import MAX_LENGTH
from edge.uncertain.record import Record
from trainer.data.coco_rows import CocoFile, Row, number, read_coco_file
from trainer.data.files import read_text
from trainer.data.header import picture_size
from trainer.data.importing.unpacking import Unpacked
from trainer.errors import TrainError

JPEG = b"\xff\xd8\xff"
SLACK_PX = 1.0  # that a rounded box may stick out
KEPT = ("area", "iscrowd", "score", "attributes")


@dataclass(frozen=True, slots=True)
class Proposed:
    """One picture, and what the device holds to be in it."""

    name: str
    image: Row  # as COCO has it, without an id
    boxes: tuple[tuple[str, Row], ...]  # label, and the annotation without ids


def read_proposed(unpacked: Unpacked) -> list[Proposed]:
    """The pictures and their boxes.

    Raises:
        TrainError: the annotations do not fit the pictures, or a picture is none.
    """
    content = read_coco_file(unpacked.folder / ANNOTATIONS)
    found = {str(row.get("file_name")): row for row in content.images}
    if len(found) != len(content.images) or found.keys() != unpacked.pictures.keys():
        raise _unfit(unpacked, "its images are not its pictures, each once")
    boxes = _boxes(content, unpacked)
    return [_proposed(unpacked, name, row, boxes.get(str(row.get("id")), [])) for name, row in found.items()]


def read_looks(unpacked: Unpacked) -> list[str]:
    """The looks without pictures, each a line of JSON that names the device as well.

    Raises:
        TrainError: they are none.
    """
    try:
        told = json.loads(read_text(unpacked.folder / LOOKS, MOST_JSON_BYTES))
        records = [Record.model_validate(row) for row in told["looks"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:  # ValidationError is a ValueError
        raise _unfit(unpacked, f"its list of looks ({LOOKS}) is none") from error
    device = unpacked.manifest.device
    return [json.dumps({"device": device, "look": one.model_dump(mode="json")}, ensure_ascii=False) for one in records]


def _proposed(unpacked: Unpacked, name: str, row: Row, boxes: list[tuple[str, Row]]) -> Proposed:
    path = unpacked.folder / PICTURES / name
    with path.open("rb") as file:
        if file.read(len(JPEG)) != JPEG:
            raise _unfit(unpacked, f"{name} is no JPEG")
    try:
        size = picture_size(path)
    except TrainError as error:
        raise _unfit(unpacked, f"{name} cannot be used: {error}") from error
    if size != (row.get("width"), row.get("height")) or max(size) > MOST_SIDE_PX:
        raise _unfit(
            unpacked, f"{name} is said to have {row.get('width')} x {row.get('height')} pixels, and has {size}"
        )
    for _, box in boxes:
        if _sticks_out(box["bbox"], size):
            raise _unfit(unpacked, f"a box in {name} does not lie in it")
    image = {key: row[key] for key in ("file_name", "width", "height", "date_captured", "foresight") if key in row}
    return Proposed(name, image, tuple(boxes))


def _boxes(content: CocoFile, unpacked: Unpacked) -> Mapping[str, list[tuple[str, Row]]]:
    """Label and annotation by the id of the image."""
    wrong = next((one for one in content.names.values() if len(one) > MAX_LENGTH or not one.isprintable()), None)
    if wrong is not None:
        raise _unfit(unpacked, f"the class {wrong[:40]!r} has no name that a label could have")
    known = {str(row.get("id")) for row in content.images}
    boxes: dict[str, list[tuple[str, Row]]] = {}
    for row in content.annotations:
        label, image = content.names.get(str(row.get("category_id"))), str(row.get("image_id"))
        told = row.get("bbox")
        if label is None or image not in known or not isinstance(told, list) or len(told) != 4:
            raise _unfit(unpacked, f"annotation {row.get('id')!r} has no image, no class or no box")
        box = [number(value, f"annotation {row.get('id')!r}: `bbox`") for value in told]
        kept = {key: row[key] for key in KEPT if key in row}
        boxes.setdefault(image, []).append((label, {"bbox": box, **kept}))
    return boxes


def _sticks_out(told: object, size: tuple[int, int]) -> bool:
    x, y, width, height = told if isinstance(told, list) else (0, 0, 0, 0)
    inside = min(x, y) >= -SLACK_PX and x + width <= size[0] + SLACK_PX and y + height <= size[1] + SLACK_PX
    return not inside or min(width, height) <= 0


def _unfit(unpacked: Unpacked, what: str) -> TrainError:
    return TrainError(f"{unpacked.archive}: {what}; nothing was imported; a device of the same version should write it")
