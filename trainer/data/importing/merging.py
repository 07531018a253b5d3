"""Proposals into a data set that may be there already. What is in it stays as it is, whoever wrote it.

Pictures come first, then the annotations, then the note of what was imported: cut off at any moment, the same import
does the rest.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from edge.contracts.archive import ANNOTATIONS, PICTURES
from edge.contracts.stored import replace_file, sync
from trainer.data.coco_rows import LIMIT_BYTES, Row, read_coco_file
from trainer.data.files import read_bytes
from trainer.data.importing.contents import Proposed
from trainer.data.importing.note import read_note, write_note
from trainer.data.importing.unpacking import Unpacked
from trainer.errors import TrainError

LOOKS = "looks.jsonl"


def merge(unpacked: Unpacked, proposed: Sequence[Proposed], out: Path) -> tuple[int, int]:
    """Add what is new, on disk when this returns; how many pictures and boxes that was.

    A picture that was imported before is left alone, also where somebody has deleted it or changed its boxes since.

    Raises:
        TrainError: what is there cannot be read or written, or another picture has its name.
    """
    before = read_note(out)
    content = _content(out / ANNOTATIONS)
    known = {*before, *(str(row.get("file_name")) for row in content["images"])}
    fresh = [one for one in proposed if one.name not in known]
    if fresh:
        _place(unpacked, [one.name for one in fresh], out)
        _add(content, fresh)
        replace_file(out / ANNOTATIONS, json.dumps(content).encode())  # ASCII: others may have left half characters
    write_note(out, [*before, *(one.name for one in proposed)])
    return len(fresh), sum(len(one.boxes) for one in fresh)


def merge_looks(lines: Sequence[str], out: Path) -> int:
    """Add looks that have no picture, one a line, each once; how many were new.

    Raises:
        TrainError: what is there cannot be read.
    """
    path = out / LOOKS
    before = read_bytes(path, LIMIT_BYTES).split(b"\n") if path.exists() else []
    known = set(before)
    added = [line for line in dict.fromkeys(line.encode() for line in lines) if line not in known]
    if added:
        replace_file(path, b"".join(line + b"\n" for line in [*filter(None, before), *added]))
    return len(added)


def _content(path: Path) -> dict[str, list[Row]]:
    """The data set's annotations, with all that other tools have written into them."""
    if not path.exists():
        return {"images": [], "annotations": [], "categories": []}
    read_coco_file(path)  # refuses what is none
    return cast("dict[str, list[Row]]", json.loads(read_bytes(path, LIMIT_BYTES)))


def _place(unpacked: Unpacked, names: Sequence[str], out: Path) -> None:
    """Move pictures in, on disk when this returns; where one cannot be, none is."""
    folder = out / PICTURES
    folder.mkdir(exist_ok=True)
    there = [folder / name for name in names if (folder / name).exists()]
    for path in there:
        if hashlib.sha256(path.read_bytes()).hexdigest() != unpacked.pictures[path.name].sha256:
            raise TrainError(f"{path} is another picture than the archive's of that name; move it away")
        sync(path)
    for name in {*names} - {path.name for path in there}:
        (unpacked.folder / PICTURES / name).rename(folder / name)
    sync(folder)
    sync(out)


def _add(content: dict[str, list[Row]], fresh: Sequence[Proposed]) -> None:
    categories = {str(row.get("name")): row.get("id") for row in content["categories"]}
    for label in sorted({label for one in fresh for label, _ in one.boxes} - categories.keys()):
        categories[label] = _next(content["categories"])
        content["categories"].append({"id": categories[label], "name": label})
    image, box = _next(content["images"]), _next(content["annotations"])
    for number, one in enumerate(fresh, image):
        content["images"].append({"id": number, **one.image})
        for label, row in one.boxes:
            content["annotations"].append({"id": box, "image_id": number, "category_id": categories[label], **row})
            box += 1


def _next(rows: Sequence[Row]) -> int:
    """A number that no row has."""
    return max((found for row in rows if isinstance(found := row.get("id"), int)), default=0) + 1
