"""Builders of small labelled data sets on disk, one per format. Every picture differs unless the seed is the same."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

SIZE = (64, 48)  # width, height


def write_picture(path: Path, seed: int = 0, size: tuple[int, int] = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    assert cv2.imwrite(str(path), cv2.resize(blocks, size, interpolation=cv2.INTER_CUBIC))
    return path


def coco(
    names: Sequence[str],
    boxes: Sequence[Mapping[str, object]] = (),
    categories: Sequence[str] = ("cat", "dog"),
    size: tuple[int, int] = SIZE,
) -> dict[str, object]:
    """The content of a COCO file; images count from 1."""
    width, height = size
    images = [{"id": row, "file_name": name, "width": width, "height": height} for row, name in enumerate(names, 1)]
    rows = [{"id": row, "iscrowd": 0, **box} for row, box in enumerate(boxes, 1)]
    listed = [{"id": row, "name": name} for row, name in enumerate(categories, 1)]
    return {"images": images, "annotations": rows, "categories": listed}


def coco_box(image: int, category: int, *bbox: float, **more: object) -> dict[str, object]:
    return {"image_id": image, "category_id": category, "bbox": list(bbox), **more}


def write_json(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def voc(name: str, *objects: tuple[str, int, int, int, int], size: tuple[int, int] = SIZE) -> str:
    """The text of a Pascal VOC annotation."""
    rows = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        "</bndbox></object>"
        for label, x1, y1, x2, y2 in objects
    )
    shape = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    return f"<annotation><filename>{name}</filename>{shape}{rows}</annotation>"


def csv_row(name: str, label: str, *corners: int, size: tuple[int, int] = SIZE) -> str:
    return ",".join(map(str, (name, *size, label, *corners)))
