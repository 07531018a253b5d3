"""MOT text (gt.txt, or a tracker's output): `frame,id,left,top,width,height,confidence,class,visibility`, pixels.

Size and rate of the pictures stand in `seqinfo.ini`, beside the file or one folder above; pictures in `img1`.
"""

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.contracts.types import U8
from trainer.data.files import read_text
from trainer.data.problem import Problem
from trainer.errors import TrainError
from trainer.recorded.rows import Row, Trouble, numbers, tracks_of
from trainer.recorded.scene import Picture, Scene, Unit, no_picture

LIMIT_BYTES = 1 << 28
LEAST_FIELDS = 6
IGNORED = 0.0  # confidence of what the scorer does not count
LABELS = {1: "person", 2: "person", 3: "car", 4: "bicycle", 5: "motorcycle", 7: "person"}
UNNAMED = "person"  # -1: the file does not say, and MOT is about people


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a sequence."""

    width: float
    height: float
    fps: float


def fits(line: str) -> bool:
    """Whether a first line is of this format."""
    return line.count(",") >= LEAST_FIELDS - 1 and line[:1] not in {"{", "["}


def read_mot(path: Path, told: Shape | None = None) -> tuple[tuple[Scene, ...], tuple[Problem, ...]]:
    """The one scene of a file.

    Args:
        path: gt.txt, det.txt or any other name.
        told: size and rate, where there is no `seqinfo.ini`.

    Raises:
        TrainError: the file cannot be read, or nothing says how large and how fast the pictures are.
    """
    folder, shape = _sequence(path, told)
    trouble, rows = Trouble(path), list[Row]()
    for line, text in enumerate(read_text(path, LIMIT_BYTES).splitlines(), 1):
        if text.strip() and (row := _row(text.split(","), line, shape, trouble)) is not None:
            rows.append(row)
    pictures = _pictures(folder / "img1", shape.fps)
    scene = Scene(folder.name, Unit.HEIGHTS, shape.width / shape.height, tracks_of(rows, trouble), picture=pictures)
    return (scene,), trouble.problems


def _row(fields: Sequence[str], line: int, shape: Shape, trouble: Trouble) -> Row | None:
    if len(fields) < LEAST_FIELDS:
        trouble.add(line, f"it has {len(fields)} fields", "a line is: frame,id,left,top,width,height,confidence,class")
        return None
    values = numbers(fields, line, trouble)
    if values is None:
        return None
    frame, identity, left, top, width, height = values[:6]
    if identity < 0:
        trouble.add(line, "its id is -1: it belongs to no track", "run a tracker first, or give a file with tracks")
        return None
    if width <= 0 or height <= 0:
        trouble.add(line, f"its box is {width:g} x {height:g}", "write a width and a height above 0")
        return None
    kind = int(values[7]) if len(values) > 7 else -1
    if kind not in {*LABELS, -1} or (len(values) > 6 and values[6] == IGNORED):
        return None  # marked by the format itself as not to be counted
    x, y = (left + width / 2) / shape.height, (top + height / 2) / shape.height
    label = LABELS.get(kind, UNNAMED)
    return Row(line, f"{identity:g}", label, frame / shape.fps, x, y, width / shape.height, height / shape.height)


def _sequence(path: Path, told: Shape | None) -> tuple[Path, Shape]:
    """Folder and shape of the sequence."""
    for folder in (path.parent, path.parent.parent):
        if (folder / "seqinfo.ini").is_file():
            return folder, _shape(folder / "seqinfo.ini")
    if told is None:
        raise TrainError(
            f"{path} has no seqinfo.ini beside it, so that nothing says how large and how fast its pictures are; "
            "put one there, or train with --frame 1920x1080 --fps 30"
        )
    return path.parent, told


def _shape(path: Path) -> Shape:
    ini = configparser.ConfigParser()
    try:
        ini.read_string(read_text(path))
        info = ini["Sequence"]
        shape = Shape(float(info["imWidth"]), float(info["imHeight"]), float(info["frameRate"]))
    except (configparser.Error, KeyError, ValueError) as error:
        raise TrainError(f"{path} cannot be used: {error}; it needs imWidth, imHeight and frameRate") from error
    if not (shape.width >= 1 and shape.height >= 1 and 0 < shape.fps < 1e4):
        raise TrainError(f"{path} says {shape.width:g} x {shape.height:g} at {shape.fps:g} fps; correct it")
    return shape


def _pictures(folder: Path, fps: float) -> Picture:
    if not folder.is_dir():
        return no_picture

    def picture(t_s: float) -> U8 | None:
        return cv2.imread(str(folder / f"{round(t_s * fps):06d}.jpg"), cv2.IMREAD_COLOR)

    return picture


def told_shape(size: str | None, fps: float) -> Shape | None:
    """Of what was typed, `1920x1080`; None of nothing.

    Raises:
        TrainError: it is no size.
    """
    if size is None:
        return None
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise TrainError(f"--frame {size} is no size; write for example 1920x1080")
    return Shape(float(width), float(height), fps)
