"""The rendered street as a data set: COCO JSON with exact boxes, identities, times and what can be seen of each.

A folder with `train`, `val` and `test`, each with its pictures and `_annotations.coco.json`, and `tracks.csv`: where
everybody was in every picture, hidden or not, in the picture and on the ground. What is nearly hidden or too small
to be made out is told of there only. No street is in two splits. The same
pictures, seed and size give the same files.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import cv2

from edge.demo.truth import LABELS
from trainer.data.scenery.look import Look
from trainer.data.scenery.scenes import Passerby, Shot, shots
from trainer.errors import TrainError

ANNOTATIONS, TRACKS = "_annotations.coco.json", "tracks.csv"
SIZE = (640, 360)
LONGEST_SCENE = 8  # pictures
LEAST_VISIBLE = 0.25  # of an object that is labelled
LEAST_SIDE_PX = 3.0  # of its box
# Of ten scenes, eight are for training.
SPLITS = ("train", "train", "train", "val", "train", "train", "train", "train", "test", "train")
COLUMNS = ("split", "scene", "picture", "time_s", "track", "label", "x1", "y1", "x2", "y2", "visible")
ON_THE_GROUND = ("x_m", "z_m", "heading_rad")
Json = dict[str, object]


@dataclass(slots=True)
class _Split:
    """What is to be written of one split."""

    images: list[Json] = field(default_factory=list)
    annotations: list[Json] = field(default_factory=list)


def write_street(
    folder: Path,
    pictures: int = 600,
    seed: int = 1,
    size: tuple[int, int] = SIZE,
    moved: Callable[[int], None] = lambda _: None,
) -> None:
    """Render the data set.

    Args:
        folder: absent or empty.
        pictures: how many, over all splits.
        seed: of everything in it.
        size: width and height of the pictures.
        moved: told how many pictures are done.

    Raises:
        TrainError: the folder holds something already, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise TrainError(f"{folder} is not empty; name a new folder, or empty this one")
        _write(folder, pictures, seed, size, moved)
    except OSError as error:
        raise TrainError(f"{folder} cannot be written: {error.strerror or error}; free some space") from error


def _write(folder: Path, pictures: int, seed: int, size: tuple[int, int], moved: Callable[[int], None]) -> None:
    splits = {name: _Split() for name in sorted(set(SPLITS))}
    for name in splits:
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / TRACKS).open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS + ON_THE_GROUND)
        done, scene, length = 0, 0, max(1, min(LONGEST_SCENE, pictures // len(SPLITS)))
        while done < pictures:
            name = SPLITS[scene % len(SPLITS)]
            look, filmed = shots(seed, scene, min(length, pictures - done), size)
            for number, shot in enumerate(filmed):
                picture = f"{scene:04d}_{number:02d}.jpg"
                _save(folder / name / picture, shot, look.lens.jpeg)
                _add(splits[name], picture, shot, scene, look)
                rows.writerows(_rows(shot, (name, scene, picture)))
                done += 1
                moved(done)
            scene += 1
    for name, split in splits.items():
        (folder / name / ANNOTATIONS).write_text(_coco(split))


def _save(path: Path, shot: Shot, quality: int) -> None:
    if not cv2.imwrite(str(path), shot.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality]):
        raise TrainError(f"{path} cannot be written; free some space, and see whether the folder may be written")


def _add(split: _Split, picture: str, shot: Shot, scene: int, look: Look) -> None:
    """Take a picture and its objects into a split."""
    height, width = shot.pixels.shape[:2]
    image = len(split.images) + 1
    split.images.append(
        {
            "id": image, "file_name": picture, "width": width, "height": height, "scene": scene,
            "time_s": round(shot.t_s, 3), "hour": look.hour.value, "weather": look.air.value,
            "strength": round(look.strength, 3), "mirrored": look.mirrored,
        }
    )  # fmt: skip
    for one in shot.passersby:
        annotation = _annotation(one, width, height)
        if one.visible >= LEAST_VISIBLE and min(annotation["bbox"][2:]) >= LEAST_SIDE_PX:
            split.annotations.append({"id": len(split.annotations) + 1, "image_id": image, **annotation})


class _Annotation(TypedDict):
    """One object, as COCO has it."""

    category_id: int
    bbox: list[float]
    area: float
    iscrowd: int
    track_id: int
    visibility: float
    whole_bbox: list[float]


def _annotation(one: Passerby, width: int, height: int) -> _Annotation:
    """Pixels, as COCO has them: left, top, width, height."""
    box, whole = (
        [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height] for x1, y1, x2, y2 in (one.seen, one.whole)
    )
    return {
        "category_id": one.label + 1,
        "bbox": [round(side, 2) for side in box],
        "area": round(box[2] * box[3], 2),
        "iscrowd": 0,
        "track_id": one.track,
        "visibility": round(one.visible, 4),
        "whole_bbox": [round(side, 2) for side in whole],
    }


def _rows(shot: Shot, where: tuple[str, int, str]) -> list[tuple[object, ...]]:
    """Lines of `tracks.csv`."""
    return [
        (
            *where, f"{shot.t_s:.3f}", one.track, LABELS[one.label], *(f"{side:.5f}" for side in one.whole),
            f"{one.visible:.4f}", f"{one.x_m:.3f}", f"{one.z_m:.3f}", f"{one.heading_rad:.4f}",
        )
        for one in shot.passersby
    ]  # fmt: skip


def _coco(split: _Split) -> str:
    categories = [{"id": number + 1, "name": label} for number, label in enumerate(LABELS)]
    info = {"description": "A rendered street with exact truth", "version": "1"}
    return json.dumps(
        {"info": info, "images": split.images, "annotations": split.annotations, "categories": categories}
    )
