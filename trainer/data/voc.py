"""Pascal VOC: one XML per picture, corners in pixels; `ImageSets/Main/{train,val,test}.txt` divide where they are.

Corners are taken as edges, as the drawing tools of today write them and other trainers read them. The picture is looked
for by `filename`, then by the XML's own name; folders that the XML names on the writer's machine are not followed.
"""

from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

from trainer.data.files import SUFFIXES, files_in, folders_in, read_text
from trainer.data.problem import Problem
from trainer.data.raw import RawBox, RawPicture, RawSet, Unit
from trainer.data.splits import NAMES, settled, split_of
from trainer.data.xml_reading import read_xml
from trainer.errors import TrainError

LOOKED_FOR = "Annotations/*.xml with <annotation>; pictures in JPEGImages, images or beside"
PLACES = ("JPEGImages", "images", "Images", ".")
EDGES = ("xmin", "ymin", "xmax", "ymax")
DIVISION = Path("ImageSets", "Main")
DEPTH = 2
ORDER = ("train", "val", "test")  # trainval counts only where train and val are not told apart


def looks_like_voc(folder: Path) -> bool:
    """Whether there is an XML with an annotation."""
    first = (next(iter(files_in(place, ".xml")), None) for place in folders_in(folder, DEPTH))
    return any(path is not None and _is_annotation(path) for path in first)


def read_voc(folder: Path) -> RawSet:
    """Read every annotation."""
    problems: list[Problem] = []
    division = _division(folder)
    splits: dict[str, list[RawPicture]] = {}
    for source in (path for place in folders_in(folder, DEPTH) for path in files_in(place, ".xml")):
        try:
            made = _picture(folder, source, read_xml(source), problems)
        except TrainError as error:
            problems.append(Problem(source, f"{error}; left out", "label the picture anew"))
            continue
        split = division.get(source.stem) or split_of(*source.relative_to(folder).parts[:-1])
        splits.setdefault(split, []).append(made)
    return RawSet((), settled(splits), problems)


def _is_annotation(path: Path) -> bool:
    with path.open("rb") as file:
        return b"<annotation" in file.read(4096)


def _division(folder: Path) -> dict[str, str]:
    """The split of each annotation, by its name without suffix, as far as the folder tells."""
    texts = {path.stem: path for path in files_in(folder / DIVISION, ".txt") if path.stem in NAMES}
    names = [name for name in ORDER if name in texts]
    names += ["trainval"] if "trainval" in texts and "train" not in texts else []
    return {
        line.split()[0]: NAMES[name] for name in names for line in read_text(texts[name]).splitlines() if line.split()
    }


def _picture(folder: Path, source: Path, root: ET.Element, problems: list[Problem]) -> RawPicture:
    if root.tag != "annotation":
        raise TrainError(f"its root is <{root.tag}>, not <annotation>")
    boxes: list[RawBox] = []
    for number, item in enumerate(root.findall("object"), 1):
        try:
            boxes.append(_box(item, f"object {number}"))
        except ValueError as error:
            told = f"object {number}: {error}; left out"
            problems.append(Problem(source, told, "give it a <name>, and a <bndbox> of four numbers"))
    name = PurePosixPath((root.findtext("filename") or "").strip().replace("\\", "/")).name
    return RawPicture(_found(folder, source, name), source, _size(root), Unit.PIXELS, tuple(boxes))


def _box(item: ET.Element, where: str) -> RawBox:
    label = (item.findtext("name") or "").strip()
    if not label:
        raise ValueError("it has no name")
    x1, y1, x2, y2 = (float(item.findtext(f"bndbox/{edge}") or "") for edge in EDGES)
    return RawBox(label, (x1, y1, x2, y2), where)


def _size(root: ET.Element) -> tuple[int, int] | None:
    try:
        width, height = (int(float(root.findtext(f"size/{name}") or "")) for name in ("width", "height"))
    except (ValueError, OverflowError):
        return None
    return (width, height) if min(width, height) > 0 else None


def _found(folder: Path, source: Path, name: str) -> Path:
    """The picture of an annotation; where there is none, the place where it should be."""
    places = [base / place for base in (source.parent, source.parent.parent, folder) for place in PLACES]
    places = [place for place in places if place.is_relative_to(folder)]
    names = ([name] if Path(name).suffix.lower() in SUFFIXES else []) + [source.stem + end for end in sorted(SUFFIXES)]
    options = [place / one for one in names for place in places]
    return next((path for path in options if path.is_file()), source.parent / names[0])
