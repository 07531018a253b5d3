"""Proposals into a data set that may be there already. What is in it stays as it is, whoever wrote it.

Pictures come first, then the annotations, then the note of what was imported: cut off at any moment, the same import
does the rest.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from edge.contracts.archive import ANNOTATIONS, MOST_JSON_BYTES, PICTURES
from edge.contracts.stored import Stored, replace_file, texts
from trainer.data.coco_rows import LIMIT_BYTES, Row, read_coco_file
from trainer.data.files import read_bytes
from trainer.data.importing.contents import Proposed
from trainer.data.importing.unpacking import Unpacked
from trainer.errors import TrainError

NOTE, LOOKS = "imported.json", "looks.jsonl"
UNFINISHED = ".importing"


def refuse_foreign(out: Path) -> None:
    """Refuse a place that holds what no import has put there.

    Raises:
        TrainError: it does.
    """
    if out.exists() and not out.is_dir():
        raise TrainError(f"{out} is no folder; name another (--out)")
    others = [path.name for path in out.iterdir() if path.name != UNFINISHED] if out.is_dir() else []
    if others and NOTE not in others:
        raise TrainError(f"{out} holds {others[0]!r} and was not made by an import; name an empty folder (--out)")


def merge(unpacked: Unpacked, proposed: Sequence[Proposed], out: Path) -> tuple[int, int]:
    """Add what is new; how many pictures and boxes that was.

    A picture that was imported before is left alone, also where somebody has deleted it or changed its boxes since.

    Raises:
        TrainError: what is there cannot be read or written, or another picture has its name.
    """
    note = Stored(out / NOTE, limit_bytes=MOST_JSON_BYTES)
    told = note.read_regained()
    if told is None:
        raise TrainError(f"{out / NOTE} was damaged; restore it, or import into another folder (--out)")
    before = texts(told)
    content = _content(out / ANNOTATIONS)
    known = {*before, *(str(row.get("file_name")) for row in content["images"])}
    fresh = [one for one in proposed if one.name not in known]
    for one in fresh:
        _place(unpacked, one.name, out)
    if fresh:
        _add(content, fresh)
        replace_file(out / ANNOTATIONS, json.dumps(content, ensure_ascii=False).encode())
    note.write([*before, *(one.name for one in proposed if one.name not in set(before))])
    return len(fresh), sum(len(one.boxes) for one in fresh)


def begin(out: Path) -> None:
    """Make the folder one that imports go into."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / NOTE).exists():
        Stored(out / NOTE).write([])


def merge_looks(lines: Sequence[str], out: Path) -> int:
    """Add looks that have no picture, one a line, each once; how many were new.

    Raises:
        TrainError: what is there cannot be read.
    """
    path = out / LOOKS
    before = read_bytes(path, LIMIT_BYTES).decode("utf-8", "replace").splitlines() if path.exists() else []
    known = set(before)
    added = [line for line in dict.fromkeys(lines) if line not in known]
    if added:
        replace_file(path, "".join(f"{line}\n" for line in [*before, *added]).encode())
    return len(added)


def _content(path: Path) -> dict[str, list[Row]]:
    """The data set's annotations, with all that other tools have written into them."""
    if not path.exists():
        return {"images": [], "annotations": [], "categories": []}
    read_coco_file(path)  # refuses what is none
    return cast("dict[str, list[Row]]", json.loads(read_bytes(path, LIMIT_BYTES)))


def _place(unpacked: Unpacked, name: str, out: Path) -> None:
    folder = out / PICTURES
    folder.mkdir(exist_ok=True)
    path = folder / name
    if path.exists():
        if hashlib.sha256(path.read_bytes()).hexdigest() != unpacked.pictures[name].sha256:
            raise TrainError(f"{path} is another picture than the archive's of that name; move it away")
        return
    (unpacked.folder / PICTURES / name).rename(path)


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
