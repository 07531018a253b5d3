"""Golden cases of mAP, read from their own files into the trainer's types."""

import json
from pathlib import Path

import numpy as np

from edge.contracts.types import Detections
from trainer.data.dataset import Dataset, Picture

SIDE_PX = 200  # of the pictures of the Pascal case, whose size is nowhere told


def coco_case(folder: Path) -> tuple[Dataset, list[Detections]]:
    """The COCO case: truth, and one Detections for each picture."""
    truth = json.loads((folder / "gts" / "sampled_gts_bbox_area.json").read_text())
    results = json.loads((folder / "dets" / "sampled_bbox_results.json").read_text())["annotations"]
    places = {row["id"]: place for place, row in enumerate(truth["categories"])}
    pictures, found = [], []
    for image in sorted(truth["images"], key=lambda row: int(row["id"])):  # COCO's order: it settles equal scores
        size = (image["width"], image["height"])
        mine = [row for row in truth["annotations"] if row["image_id"] == image["id"]]
        seen = [row for row in results if row["image_id"] == image["id"]]
        box = fractions([row["bbox"] for row in mine], size)
        label = np.array([places[row["category_id"]] for row in mine], np.int64)
        pictures.append(Picture(folder / image["file_name"], *size, box, label))
        score = np.array([row["score"] for row in seen], np.float32)
        columns = np.array([places[row["category_id"]] for row in seen], np.int64)
        found.append(Detections(fractions([row["bbox"] for row in seen], size), score, columns))
    return Dataset(tuple(row["name"] for row in truth["categories"]), tuple(pictures)), found


def pascal_case(folder: Path) -> tuple[Dataset, list[Detections]]:
    """The Pascal case: text files, one object a line."""
    pictures, found = [], []
    for path in sorted((folder / "gts").glob("*.txt")):
        mine = [[float(word) for word in line.split()[1:]] for line in path.read_text().splitlines()]
        other = (folder / "dets" / path.name).read_text().splitlines()
        seen = [[float(word) for word in line.split()[1:]] for line in other]
        size = (SIDE_PX, SIDE_PX)
        pictures.append(Picture(path, *size, fractions(mine, size), np.zeros(len(mine), np.int64)))
        score = np.array([row[0] for row in seen], np.float32)
        box = fractions([row[1:] for row in seen], size)
        found.append(Detections(box, score, np.zeros(len(seen), np.int64)))
    return Dataset(("object",), tuple(pictures)), found


def fractions(boxes: list[list[float]], size: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Boxes (N, 4) from x, y, width, height in pixels."""
    table = np.array(boxes, np.float64).reshape(-1, 4)
    return (np.concatenate([table[:, :2], table[:, :2] + table[:, 2:]], axis=1) / (size * 2)).astype(np.float32)
