"""The boxes of one picture made sound: fractions inside the picture, each with an area, none twice.

Up to one pixel outside is the rounding of the tool that drew the box; it is cut off without a word.
"""

import math
from pathlib import Path

import numpy as np

from edge.contracts.types import F32
from trainer.data.problem import Problem, warning
from trainer.data.raw import Corners, RawBox, RawPicture, Unit

SAME_DIGITS = 4  # of fractions: boxes that agree so far are one box twice
TOUCH = 1e-4  # pixels
Size = tuple[int, int]


def place(raw: RawPicture, size: Size, problems: list[Problem]) -> tuple[F32, list[str]]:
    """Sound boxes (N, 4) and their labels. What is cut off or left out is added to `problems`.

    Args:
        raw: the picture as its source tells it.
        size: width and height of its file, pixels.
        problems: of the data set.
    """
    scale = (1, 1) if raw.unit is Unit.FRACTIONS else _unit_size(raw, size)
    kept: dict[tuple[str, ...], Corners] = {}
    for box in raw.boxes:
        corners = _sound(raw.source, box, scale, size, problems)
        if corners is None:
            continue
        key = (box.label, *(f"{value:.{SAME_DIGITS}f}" for value in corners))
        if key in kept:
            told = f"{box.where}: the box of {box.label!r} stands there twice; one left out"
            problems.append(warning(raw.source, told, "delete one of them"))
        kept.setdefault(key, corners)
    return np.array(list(kept.values()), np.float32).reshape(-1, 4), [label for label, *_ in kept]


def contradiction(raw: RawPicture, size: Size) -> Problem | None:
    """What is wrong where the source tells another size than the picture's file."""
    if raw.size is None or raw.size == size:
        return None
    told, has = (f"{one[0]} x {one[1]}" for one in (raw.size, size))
    what = f"it says that {raw.path.name} has {told} pixels, and it has {has}"
    if _same_shape(raw.size, size):
        return warning(raw.source, what, "the boxes were scaled with it; write the true size there")
    if raw.size == size[::-1]:
        return Problem(raw.source, what, "the picture is turned when it is shown (EXIF): turn its pixels, or the boxes")
    return Problem(raw.source, what, "the boxes were taken for pixels of the file; look at them (data preview)")


def _unit_size(raw: RawPicture, size: Size) -> Size:
    """The size that boxes in pixels refer to: as told where the picture was only scaled since, else the file's."""
    return raw.size if raw.size is not None and _same_shape(raw.size, size) else size


def _same_shape(told: Size, size: Size) -> bool:
    return min(told) > 0 and abs(told[0] * size[1] / (told[1] * size[0]) - 1) < 0.02


def _sound(source: Path, box: RawBox, scale: Size, size: Size, problems: list[Problem]) -> Corners | None:
    if not all(map(math.isfinite, box.corners)):
        problems.append(Problem(source, f"{box.where}: a box with a corner that is no number", "correct or delete it"))
        return None
    x1, y1, x2, y2 = (value / scale[index % 2] for index, value in enumerate(box.corners))
    cut = (_cut(x1), _cut(y1), _cut(x2), _cut(y2))
    described = f"{box.where}: the box of {box.label!r} ({', '.join(f'{v:.6g}' for v in box.corners)})"
    if x2 <= x1 or y2 <= y1:
        problems.append(Problem(source, f"{described} is empty or inside out; left out", "draw it anew or delete it"))
        return None
    if np.float32(cut[0]) >= np.float32(cut[2]) or np.float32(cut[1]) >= np.float32(cut[3]):
        problems.append(Problem(source, f"{described} lies outside its picture; left out", "correct or delete it"))
        return None
    over = [abs(a - b) * size[i % 2] for i, (a, b) in enumerate(zip(cut, (x1, y1, x2, y2), strict=True))]
    if max(over) > 1 + TOUCH:
        told = f"{described} reaches {max(over):.0f} pixels outside its picture; cut off there"
        problems.append(Problem(source, told, "correct it; if there are many, the picture was scaled after labelling"))
    return cut


def _cut(value: float) -> float:
    return min(max(value, 0.0), 1.0)
