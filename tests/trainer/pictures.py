"""Labelled pictures for tests: coloured squares on grey, exactly boxed."""

from pathlib import Path

import cv2
import numpy as np

from trainer.data.dataset import Dataset, Picture

LABELS = ("red", "blue")
COLOURS = ((40, 40, 220), (220, 60, 40))  # BGR


def squares(folder: Path, count: int, *, seed: int = 0, size: tuple[int, int] = (96, 72), most: int = 2) -> Dataset:
    """Pictures (width, height) with one to `most` squares each, which do not overlap."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    return Dataset(LABELS, tuple(_picture(folder / f"{n:03d}.png", size, most, random) for n in range(count)))


def _picture(path: Path, size: tuple[int, int], most: int, random: np.random.Generator) -> Picture:
    width, height = size
    pixels = np.full((height, width, 3), 120, np.uint8) + random.integers(0, 12, (height, width, 1), np.uint8)
    columns = int(random.integers(1, most + 1))
    label = random.integers(0, len(LABELS), columns)
    box = np.zeros((columns, 4), np.float32)
    for n in range(columns):
        side = int(random.integers(height // 4, min(height // 2, width // columns) + 1))
        x = int(random.integers(n * width // columns, (n + 1) * width // columns - side + 1))
        y = int(random.integers(0, height - side + 1))
        pixels[y : y + side, x : x + side] = COLOURS[int(label[n])]
        box[n] = np.array([x, y, x + side, y + side]) / (width, height, width, height)
    cv2.imwrite(str(path), pixels)
    return Picture(path, width, height, box, label.astype(np.int64))
