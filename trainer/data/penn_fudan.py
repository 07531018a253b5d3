"""The Penn-Fudan pedestrians: `Annotation/*.txt` in the form "PASCAL Annotation Version 1.00", pictures beside.

Whoever walks or stands is a `person`. Corners count from 1, and the last pixel belongs to the box.
"""

import re
from pathlib import Path

from trainer.data.files import files_in, pictures_in, read_text
from trainer.data.problem import Problem
from trainer.data.raw import ALL, RawBox, RawPicture, RawSet, Unit
from trainer.errors import TrainError

LOOKED_FOR = "Annotation/*.txt of the Penn-Fudan pedestrians"
PERSON = "person"
PLACES = ("images", "PNGImages")
_MARK = "# Compatible with PASCAL Annotation Version 1.00"
_NUMBER = r"\d{1,6}"
_SIZE = re.compile(rf"^Image size .*: ({_NUMBER}) x ({_NUMBER}) x", re.MULTILINE)
_BOX = re.compile(
    rf"^Bounding box for object (\d+) .*: \(({_NUMBER}), ({_NUMBER})\) - \(({_NUMBER}), ({_NUMBER})\)", re.MULTILINE
)
_OBJECTS = re.compile(r"^Objects with ground truth : (\d{1,4})", re.MULTILINE)


def looks_like_penn_fudan(folder: Path) -> bool:
    """Whether there is an annotation of that form."""
    first = next(iter(files_in(folder / "Annotation", ".txt")), None)
    if first is None:
        return False
    with first.open("rb") as file:
        return file.read(len(_MARK)) == _MARK.encode()


def read_penn_fudan(folder: Path) -> RawSet:
    """Read every annotation; the set is not divided."""
    problems: list[Problem] = []
    pictures = {path.stem: path for place in PLACES for path in pictures_in(folder / place)}
    made = []
    for source in files_in(folder / "Annotation", ".txt"):
        path = pictures.get(source.stem, folder / PLACES[0] / f"{source.stem}.png")
        try:
            made.append(_picture(source, path))
        except TrainError as error:
            problems.append(Problem(source, f"{error}; left out", "take the file from the published set"))
    return RawSet((PERSON,), {ALL: made}, problems)


def _picture(source: Path, path: Path) -> RawPicture:
    text = read_text(source)
    size, objects = _SIZE.search(text), _OBJECTS.search(text)
    found = _BOX.findall(text)
    if size is None or objects is None or int(objects[1]) != len(found):
        raise TrainError("it does not have as many boxes as it says, or no size")
    boxes = []
    for number, *corners in found:
        x1, y1, x2, y2 = map(int, corners)
        boxes.append(RawBox(PERSON, (x1 - 1, y1 - 1, x2, y2), f"object {number}"))
    return RawPicture(path, source, (int(size[1]), int(size[2])), Unit.PIXELS, tuple(boxes))
