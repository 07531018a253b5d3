"""COCO: a JSON with `images`, `annotations` and `categories`, boxes as x, y, width, height in pixels.

Any number of files, in the data's folder, else one below, else two; `instances_*` alone where there are such.
Crowds (`iscrowd`) are regions, not objects: they are listed and left out.
"""

from collections.abc import Mapping
from pathlib import Path

from trainer.data.coco_rows import CocoFile, Row, number, read_coco_file
from trainer.data.files import by_name, files_in, folders_in, inside, name_key
from trainer.data.problem import Problem, warning
from trainer.data.raw import ALL, RawBox, RawPicture, RawSet, Unit
from trainer.data.splits import settled, split_of
from trainer.errors import TrainError

LOOKED_FOR = "*.json or annotations/*.json with images, annotations and categories"
DEPTH = 2
PEEK_BYTES = 1 << 16
INSTANCES = "instances_"
OF_BOXES = (b'"categories"', b'"bbox"')  # one of these at least, which captions and lists of pictures lack
MARKS = (b'"images"', b'"annotations"', b'"image_id"', *OF_BOXES)


def looks_like_coco(folder: Path) -> bool:
    """Whether a JSON there speaks of images and annotations. A single such file may be named in place of a folder."""
    return bool(_files(folder))


def read_coco(folder: Path) -> RawSet:
    """Read every file.

    Raises:
        TrainError: a file cannot be read or is not COCO.
    """
    problems: list[Problem] = []
    root = folder if folder.is_dir() else folder.parent
    files = {path: split_of(*path.relative_to(root).parts[:-1], path.stem) for path in _files(folder)}
    divided = set(files.values()) - {ALL}
    splits: dict[str, list[RawPicture]] = {}
    labels: dict[str, None] = {}
    for path, split in files.items():
        if divided and split == ALL:
            told = "it belongs to no split, and other files here do; not read"
            problems.append(warning(path, told, "fine, if it is their sum; else name its split in its name"))
            continue
        content = read_coco_file(path)
        labels.update(dict.fromkeys(content.names.values()))
        splits.setdefault(split, []).extend(_pictures(root, content, problems))
    return RawSet(tuple(labels), settled(splits), problems)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder] if _speaks_of_images(folder) else []
    levels: dict[int, list[Path]] = {}
    for place in folders_in(folder, DEPTH):
        speaking = [path for path in files_in(place, ".json") if _speaks_of_images(path)]
        levels.setdefault(len(place.parts), []).extend(speaking)
    highest = next((found for _, found in sorted(levels.items()) if found), [])
    return by_name([path for path in highest if path.name.startswith(INSTANCES)] or highest)


def _speaks_of_images(path: Path) -> bool:
    """By its first and last bytes: the file itself may be as large as a disk."""
    with path.open("rb") as file:
        ends = file.read(PEEK_BYTES)
        file.seek(max(path.stat().st_size - PEEK_BYTES, 0))
        ends += file.read(PEEK_BYTES)
    is_object = ends.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object and any(mark in ends for mark in OF_BOXES) and sum(mark in ends for mark in MARKS) >= 2


def _pictures(root: Path, content: CocoFile, problems: list[Problem]) -> list[RawPicture]:
    boxes = _boxes(content, problems)
    find = _Finder(root, content.path)
    made: list[RawPicture] = []
    for row in content.images:
        where = f"image {row.get('id')!r}"
        try:
            path = find(str(row.get("file_name", "")))
        except TrainError as error:
            problems.append(Problem(content.path, f"{where}: {error}; left out", "correct its file_name"))
            continue
        mine = boxes.get(str(row.get("id")), [])
        made.append(RawPicture(path, content.path, _size(row), Unit.PIXELS, tuple(mine)))
    return sorted(made, key=lambda one: name_key(one.path))


def _boxes(content: CocoFile, problems: list[Problem]) -> dict[str, list[RawBox]]:
    """The boxes by the id of their image."""
    known = {str(row.get("id")) for row in content.images}
    boxes: dict[str, list[RawBox]] = {}
    for at, row in enumerate(content.annotations):
        where = f"annotation {row.get('id', at)!r}"
        image = str(row.get("image_id"))
        if image not in known:
            told = f"{where}: there is no image {image}; left out"
            problems.append(Problem(content.path, told, "add the image, or delete the annotation"))
        elif row.get("iscrowd"):
            told = f"{where}: a crowd (iscrowd) in image {image}; left out"
            problems.append(warning(content.path, told, "nothing: it is a region, not an object"))
        else:
            try:
                boxes.setdefault(image, []).append(_box(row, content.names, where))
            except TrainError as error:
                problems.append(Problem(content.path, f"{error}; left out", "correct or delete it"))
    return boxes


def _box(row: Row, names: Mapping[str, str], where: str) -> RawBox:
    label = names.get(str(row.get("category_id")))
    if label is None:
        raise TrainError(f"{where}: the class {row.get('category_id')!r} is not among `categories`")
    told = row.get("bbox")
    if not isinstance(told, list) or len(told) != 4:
        raise TrainError(f"{where}: `bbox` must be a list of four numbers")
    x, y, width, height = (number(value, f"{where}: `bbox`") for value in told)
    return RawBox(label, (x, y, x + width, y + height), where)


def _size(row: Row) -> tuple[int, int] | None:
    width, height = row.get("width"), row.get("height")
    told = isinstance(width, int) and isinstance(height, int) and min(width, height) > 0
    return (width, height) if told and isinstance(width, int) and isinstance(height, int) else None


class _Finder:
    """Finds the pictures of one file: beside it, above it, or where the usual exporters put them."""

    def __init__(self, root: Path, source: Path) -> None:
        own = source.stem.removeprefix(INSTANCES)
        bases = (source.parent, source.parent.parent, root)
        names = (".", "images", "pictures", own, f"images/{own}", "data")
        places = [base / name for name in names for base in bases if base.is_relative_to(root)]
        self._places = [place for place in dict.fromkeys(places) if place.is_dir()]

    def __call__(self, name: str) -> Path:
        """Where the picture lies, or should lie. Raises TrainError where the name leads out of the folder."""
        for place in self._places:
            path = inside(place, name)
            if path.is_file():
                self._places.remove(place)
                self._places.insert(0, place)  # the others are most likely there too
                return path
        return inside(self._places[0], name)
