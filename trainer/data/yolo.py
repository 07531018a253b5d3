"""YOLO: a text beside each picture, one line per box: class, centre x, centre y, width, height, as fractions.

The text lies where the picture does, with `labels` for `images` in the path, or in the picture's own folder. A line of
more numbers is a polygon; its box is taken. A picture without a text shows nothing that is looked for.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.data.files import files_in, folders_in, inside, pictures_in, read_text
from trainer.data.problem import Problem, warning
from trainer.data.raw import Corners, RawBox, RawPicture, RawSet, Unit
from trainer.data.splits import settled, split_of
from trainer.data.yolo_config import NAME_FILES, YoloConfig, read_config
from trainer.errors import TrainError

LOOKED_FOR = "labels/**/*.txt for images/**/*.jpg, or *.txt beside them; data.yaml or classes.txt with the names"
DEPTH = 3
MOST_NUMBERS = 20_000  # of one line
IMAGES, LABELS = "images", "labels"
_OTHER_TEXTS = frozenset(Path(name).name for name in NAME_FILES)


def looks_like_yolo(folder: Path) -> bool:
    """Whether there is a text with boxes, in a folder named `labels` or beside a picture of its name."""
    for place in folders_in(folder, DEPTH):
        texts = [path for path in files_in(place, ".txt") if path.name not in _OTHER_TEXTS]
        if texts and LABELS in place.relative_to(folder).parts:
            return True
        names = {path.stem for path in pictures_in(place)} if texts else set()
        if any(path.stem in names for path in texts):
            return True
    return False


def read_yolo(folder: Path) -> RawSet:
    """Read every picture and its text.

    Raises:
        TrainError: the list of names cannot be read.
    """
    problems: list[Problem] = []
    config = read_config(folder, problems)
    places = folders_in(folder, DEPTH)
    pictures = [path for place in places for path in pictures_in(place)]
    splits: dict[str, list[RawPicture]] = {}
    listed = {path: split for split, path in _listed(folder, config, problems)}
    texts: set[Path] = set()
    for path in pictures:
        text = _text_of(folder, path)
        texts.add(text)
        split = listed.get(path) or split_of(*path.relative_to(folder).parts[:-1])
        splits.setdefault(split, []).append(_picture(path, text, config.names, problems))
    problems += _orphans(places, texts)
    labels = config.names or _numbers(folder, splits, problems)
    return RawSet(labels, settled(splits), problems)


def _listed(folder: Path, config: YoloConfig, problems: list[Problem]) -> Iterable[tuple[str, Path]]:
    """The pictures of the splits that the configuration names."""
    for split, places in config.places.items():
        for place in places:
            if place.is_dir():
                yield from ((split, path) for one in folders_in(place, DEPTH) for path in pictures_in(one))
                continue
            for number, line in enumerate(read_text(place).splitlines(), 1):
                try:
                    yield from () if not line.strip() else [(split, inside(folder, line.strip().removeprefix("./")))]
                except TrainError as error:
                    problems.append(Problem(place, f"line {number}: {error}", "write it relative to the folder"))


def _text_of(folder: Path, picture: Path) -> Path:
    parts = list(picture.relative_to(folder).with_suffix(".txt").parts)
    places = [at for at, part in enumerate(parts[:-1]) if part == IMAGES]
    if places:
        parts[places[-1]] = LABELS
    beside = picture.with_suffix(".txt")
    return beside if beside.is_file() else folder.joinpath(*parts)


def _picture(path: Path, text: Path, names: tuple[str, ...], problems: list[Problem]) -> RawPicture:
    boxes: list[RawBox] = []
    if not text.is_file():
        advice = "fine, if it shows nothing of the classes; else label it"
        problems.append(warning(path, "it has no label file; taken as a picture without objects", advice))
        return RawPicture(path, path, None, Unit.FRACTIONS, ())
    try:
        lines = read_text(text).splitlines()
    except TrainError as error:
        problems.append(Problem(text, f"{error}; taken as empty", "write it anew"))
        lines = []
    for number, line in enumerate(lines, 1):
        try:
            boxes += [_box(line, names, f"line {number}")] if line.strip() else []
        except ValueError as error:
            problems.append(Problem(text, f"line {number}: {error}; left out", "give `class cx cy width height`"))
    return RawPicture(path, text, None, Unit.FRACTIONS, tuple(boxes))


def _box(line: str, names: tuple[str, ...], where: str) -> RawBox:
    first, *rest = line.split(maxsplit=MOST_NUMBERS)
    if not first.isdecimal() or len(first) > 5:
        raise ValueError(f"{first[:20]!r} is no class number")
    row = int(first)
    if names and row >= len(names):
        raise ValueError(f"class {row} is unknown, the last of the names is {len(names) - 1}")
    return RawBox(names[row] if names else first, _corners([float(value) for value in rest]), where)


def _corners(values: list[float]) -> Corners:
    if len(values) == 4:
        cx, cy, width, height = values
        return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"{len(values)} numbers after the class; a box has 4, a polygon an even number from 6")
    xs, ys = values[::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def _orphans(places: list[Path], texts: set[Path]) -> Iterable[Problem]:
    for place in places:
        for path in files_in(place, ".txt") if LABELS in place.parts else ():
            if path not in texts and path.name not in _OTHER_TEXTS:
                yield Problem(path, "there is no picture for it; left out", "put the picture there, or delete it")


def _numbers(folder: Path, splits: Mapping[str, list[RawPicture]], problems: list[Problem]) -> tuple[str, ...]:
    """Names for classes that have numbers only."""
    numbers = [int(box.label) for rows in splits.values() for one in rows for box in one.boxes]
    advice = "write the names into classes.txt, one per line"
    problems.append(warning(folder, "no file tells the names of the classes; their numbers are taken", advice))
    return tuple(map(str, range(max(numbers, default=-1) + 1)))
