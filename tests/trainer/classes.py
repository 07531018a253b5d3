"""Pictures of one thing each, for tests of classifiers: coloured noise that a small network soon tells apart."""

from pathlib import Path

import cv2
import numpy as np

from trainer.data.dataset import Dataset, Picture

LABELS = ("blue", "green", "red")  # the channels of BGR
WHOLE = np.array([[0, 0, 1, 1]], np.float32)


def coloured(folder: Path, count: int, *, seed: int = 0, labels: tuple[str, ...] = LABELS) -> Dataset:
    """Pictures in folders of their class, as an image folder has them."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        label = number % len(labels)
        path = folder / labels[label] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 120, (40, 56, 3), np.uint8)
        pixels[:, :, LABELS.index(labels[label])] += 100
        cv2.imwrite(str(path), pixels)
        made.append(Picture(path, 56, 40, WHOLE, np.array([label], np.int64)))
    return Dataset(labels, tuple(made))
