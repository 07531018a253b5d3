"""The labelled COCO pictures of the data folder, as the trainer sees them."""

import re
from pathlib import Path

import cv2
import numpy as np

from tests.paths import data
from trainer.data.dataset import Dataset, Picture


def coco128(split: str = "val2017", most: int = 128) -> Dataset:
    """The first pictures of a split (`train2017` or `val2017`, 128 each), those without objects too."""
    names = re.findall(r"^\s+\d+: (.+)$", data("coco128", "config.yaml").read_text(), re.MULTILINE)
    paths = sorted(data("coco128", "images", split).glob("*.jpg"))[:most]
    labels = data("coco128", "labels", split)
    return Dataset(tuple(name.strip() for name in names), tuple(_picture(path, labels) for path in paths))


def _picture(path: Path, labels: Path) -> Picture:
    file = labels / f"{path.stem}.txt"
    rows = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    table = np.array([list(map(float, row)) for row in rows], np.float32).reshape(-1, 5)
    centre, half = table[:, 1:3], table[:, 3:] / 2
    pixels = cv2.imread(str(path))
    assert pixels is not None
    height, width = pixels.shape[:2]
    return Picture(path, width, height, np.concatenate([centre - half, centre + half], 1), table[:, 0].astype(np.int64))
