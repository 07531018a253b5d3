"""Pictures in folders named after their class, for classification: `train/<class>/*.jpg`, or `<class>/*.jpg`.

Each picture has one box that covers it whole, so that everything made for boxes serves here too.
"""

from pathlib import Path

from trainer.data.files import folders_in, pictures_in
from trainer.data.problem import Problem, warning
from trainer.data.raw import ALL, Corners, RawBox, RawPicture, RawSet, Unit
from trainer.data.splits import NAMES, settled, split_of

LOOKED_FOR = "<class>/*.jpg or train/<class>/*.jpg (classification)"
WHOLE: Corners = (0.0, 0.0, 1.0, 1.0)
NO_CLASSES = frozenset({"images", "jpegimages", "pictures", "pngimages", "labels", *NAMES})


def looks_like_class_folders(folder: Path) -> bool:
    """Whether there are pictures in a folder that may be a class."""
    return any(_classes(part) for part in _parts(folder))


def read_class_folders(folder: Path) -> RawSet:
    """Read every class of every split."""
    splits: dict[str, list[RawPicture]] = {}
    problems: list[Problem] = []
    for part in _parts(folder):
        split = ALL if part == folder else split_of(part.name)
        for place in _classes(part):
            box = RawBox(place.name, WHOLE, "its folder")
            rows = [RawPicture(path, path, None, Unit.FRACTIONS, (box,)) for path in pictures_in(place)]
            splits.setdefault(split, []).extend(rows)
        problems += [_loose(path) for path in pictures_in(part)]
    return RawSet((), settled(splits), problems)


def _parts(folder: Path) -> list[Path]:
    """The folders of the splits, or the one folder that is not divided."""
    return [path for path in folders_in(folder, 1)[1:] if path.name.lower() in NAMES] or [folder]


def _classes(part: Path) -> list[Path]:
    found = (path for path in folders_in(part, 1)[1:] if path.name.lower() not in NO_CLASSES)
    return [path for path in found if pictures_in(path)]


def _loose(path: Path) -> Problem:
    return warning(path, "it lies in no class's folder; left out", "move it into the folder of its class")
