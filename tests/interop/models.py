"""The models that are tried where none are named: a tiny one, exported afresh, as float and as int8."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.types import U8
from tests.paths import DATA, REPOSITORY

SUFFIXES = (".jpg", ".jpeg", ".png")
CALIBRATION = 32
FRESH = "random_"  # how the names of models of random weights begin


def fresh_models(folder: Path) -> list[Path]:
    """A tiny detector of random weights as float32 and int8; none where TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        return []
    from tests.trainer.trained_detector import tiny_detector  # noqa: PLC0415 - needs TensorFlow
    from trainer.export.convert import convert  # noqa: PLC0415
    from trainer.export.variant import Variant  # noqa: PLC0415

    _, trained = tiny_detector(folder / "network")
    pictures = _calibration(folder / "calibration")
    models = []
    for variant in (Variant.FLOAT32, Variant.INT8):
        models.append(folder / f"{FRESH}{variant.value}.tflite")
        convert(trained, variant, pictures, models[-1])
    return models


def shipped_models() -> list[Path]:
    """The models that come with the package."""
    return sorted((REPOSITORY / "edge").rglob("*.tflite"))


def pictures(folder: Path | None, count: int) -> list[U8]:
    """Real pictures where there are some, else made-up ones: BGR (h, w, 3)."""
    root = folder or DATA / "coco128"
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES) if root.is_dir() else []
    chosen = [files[index * len(files) // count] for index in range(count)] if len(files) > count else files
    read = [cv2.imread(str(path), cv2.IMREAD_COLOR) for path in chosen]
    return [pixels for pixels in read if pixels is not None] or made_up(count)


def made_up(count: int) -> list[U8]:
    """Blocks of colour, of several sizes."""
    random = np.random.default_rng(7)
    return [
        cv2.resize(random.integers(0, 255, (6, 8, 3), dtype=np.uint8), (320 + 8 * index, 240), interpolation=0)
        for index in range(count)
    ]


def _calibration(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:02}.png" for index in range(CALIBRATION)]
    for path, pixels in zip(paths, made_up(CALIBRATION), strict=True):
        cv2.imwrite(str(path), pixels)
    return paths
