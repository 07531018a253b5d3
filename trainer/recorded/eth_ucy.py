"""ETH/UCY text: a line is `frame person x y`, positions in metres on the ground, 10 frames are 0.4 s."""

import math
from pathlib import Path

from trainer.data.files import read_text
from trainer.data.problem import Problem
from trainer.recorded.rows import Row, Trouble, numbers, tracks_of
from trainer.recorded.scene import Scene, Unit

FRAME_S = 0.04
LIMIT_BYTES = 1 << 28
FIELDS = 4
PARTS = ("train", "val", "test")
FARTHEST_M = 1e5


def fits(line: str) -> bool:
    """Whether a first line is of this format."""
    fields = line.split()
    return len(fields) == FIELDS and all(field.replace(".", "").replace("-", "").isalnum() for field in fields)


def read_eth_ucy(path: Path) -> tuple[tuple[Scene, ...], tuple[Problem, ...]]:
    """The one scene of a file.

    Raises:
        TrainError: the file cannot be read.
    """
    trouble, rows = Trouble(path), list[Row]()
    for line, text in enumerate(read_text(path, LIMIT_BYTES).splitlines(), 1):
        fields = text.split()
        if not fields:
            continue
        if len(fields) != FIELDS:
            trouble.add(line, f"it has {len(fields)} fields", "a line is: frame person x y")
            continue
        values = numbers(fields, line, trouble)
        if values is None:
            continue
        frame, person, x, y = values
        if max(abs(x), abs(y)) > FARTHEST_M:
            trouble.add(line, f"the position {x:g}, {y:g} is no place in metres", "correct it, or remove the line")
            continue
        rows.append(Row(line, f"{person:g}", "person", frame * FRAME_S, x, y, math.nan, math.nan))
    part = next((name for name in (path.parent.name, path.stem.rpartition("_")[2]) if name in PARTS), "")
    return (Scene(_name(path), Unit.METRES, 1.0, tracks_of(rows, trouble), part),), trouble.problems


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
