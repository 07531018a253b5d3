"""`tracks.jsonl`, as `foresight replay` writes it: a line for each picture, with all tracks in it."""

import json
from collections.abc import Mapping
from pathlib import Path

import cv2

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import count, real, reals, text
from edge.contracts.types import U8
from trainer.data.files import read_text
from trainer.data.problem import Problem, warning
from trainer.recorded.rows import Row, Trouble, tracks_of
from trainer.recorded.scene import Picture, Scene, Unit, no_picture

LIMIT_BYTES = 1 << 30
VIDEO = "annotated.mp4"
USUAL_ASPECT = 16 / 9
Object = Mapping[str, object]


def fits(line: str) -> bool:
    """Whether a first line is of this format."""
    return line.startswith("{") and '"tracks"' in line


def read_replay(path: Path) -> tuple[tuple[Scene, ...], tuple[Problem, ...]]:
    """The scenes of a file, one for each camera and run.

    Raises:
        TrainError: the file cannot be read.
    """
    trouble = Trouble(path)
    aspect, fps = _video(path.with_name(VIDEO))
    if not aspect:
        trouble.told.append(
            warning(
                path, f"no {VIDEO} beside it says how wide its pictures are", "16:9 is taken; keep the two together"
            )
        )
    rows, begin = _read(path, aspect or USUAL_ASPECT, trouble)
    scenes = []
    for name, mine in rows.items():
        picture = _frames(path.with_name(VIDEO), fps, begin[name]) if aspect and len(rows) == 1 else no_picture
        whole = f"{path.parent.name}/{name}"
        scenes.append(Scene(whole, Unit.HEIGHTS, aspect or USUAL_ASPECT, tracks_of(mine, trouble), picture=picture))
    return tuple(scenes), trouble.problems


def _read(path: Path, aspect: float, trouble: Trouble) -> tuple[dict[str, list[Row]], dict[str, float]]:
    """Rows and the time of the first picture, by scene."""
    rows: dict[str, list[Row]] = {}
    begin: dict[str, float] = {}
    for line, written in enumerate(read_text(path, LIMIT_BYTES).splitlines(), 1):
        if not written.strip():
            continue
        try:
            name, t_s, found = _picture(json.loads(written), line, aspect)
        except (ValueError, RecursionError, MalformedError) as error:
            trouble.add(line, f"{error}", "let `foresight replay` write it again, or remove the line")
            continue
        rows.setdefault(name, []).extend(found)
        begin[name] = min(begin.get(name, t_s), t_s)
    return rows, begin


def _picture(told: object, line: int, aspect: float) -> tuple[str, float, list[Row]]:
    """Scene, time and rows of one picture.

    Raises:
        MalformedError: a key is missing, or makes no sense.
    """
    if not isinstance(told, dict) or not isinstance(told.get("tracks"), list):
        raise MalformedError("it is no picture with tracks")
    t_s = count(told, "utc_ns") / 1e9
    rows = [row for one in told["tracks"] if (row := _row(one, line, t_s, aspect)) is not None]
    return f"{text(told, 'camera')}-{text(told, 'run')}", t_s, rows


def _row(told: object, line: int, t_s: float, aspect: float) -> Row | None:
    """One track as it was seen, None where it was out of sight.

    Raises:
        MalformedError: a key is missing, or makes no sense.
    """
    if not isinstance(told, dict):
        raise MalformedError("one of its tracks is no object")
    box = reals(told, "box")
    if len(box) != 4 or not (box[0] < box[2] and box[1] < box[3]):
        raise MalformedError(f"the box {list(box)} of a track is none")
    if real(told, "lost_s") > 0:
        return None
    left, top, right, bottom = box
    x, y = (left + right) / 2 * aspect, (top + bottom) / 2
    return Row(line, str(count(told, "id")), text(told, "label"), t_s, x, y, (right - left) * aspect, bottom - top)


def _video(path: Path) -> tuple[float, float]:
    """Width / height and rate of the video, 0 where there is none."""
    if not path.is_file():
        return 0.0, 0.0
    video = cv2.VideoCapture(str(path))
    try:
        width, height = video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)
        return (width / height if height else 0.0), video.get(cv2.CAP_PROP_FPS)
    finally:
        video.release()


def _frames(path: Path, fps: float, begin_s: float) -> Picture:
    def picture(t_s: float) -> U8 | None:
        video = cv2.VideoCapture(str(path))
        try:
            video.set(cv2.CAP_PROP_POS_FRAMES, round((t_s - begin_s) * fps))
            _, pixels = video.read()
            return pixels
        finally:
            video.release()

    return picture
