"""The model files that both machines are asked: public ones, the project's own, and those of its tests."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.windows import Scaling, SeriesWindow, TrackWindow
from tests.paths import DATA, REPOSITORY
from tests.rigs.arm.places import ArmError
from tests.rigs.learning_model import learning_classifier, learning_paths, learning_series

SHIPPED = {name: f"edge/{name}/shipped/street.tflite" for name in ("forecast", "demo")}
NOT_HERE = "edgetpu"  # compiled for another processor
PATHS = TrackWindow(8, 6, 0.2, (0.5, 1.0), 1, ("person",), 0)
SERIES = SeriesWindow(("a", "b"), 8, 60.0, Scaling.FIXED, (0.0, 0.0), (1.0, 1.0), (1, 3))
LABELS = ("cat", "dog", "", "")


def gather(folder: Path, data: Path = DATA, more: Path | None = None) -> int:
    """Bring them together, and a picture; how many. `more` is a folder of further ones. Raises ArmError."""
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
    folder.mkdir(parents=True)
    for name, file in SHIPPED.items():
        shutil.copyfile(REPOSITORY / file, folder / f"shipped_{name}.tflite")
    learning_paths(folder / "learns_paths.tflite", PATHS)
    learning_series(folder / "learns_series.tflite", SERIES)
    learning_classifier(folder / "learns_classes.tflite", LABELS)
    for path in sorted((data / "models").glob("*.tflite")):
        if NOT_HERE not in path.name:
            shutil.copyfile(path, folder / path.name)
    if more is not None:
        for path in more.rglob("*.tflite"):
            name = re.sub(r"\W+", "_", str(path.relative_to(more).with_suffix("")))
            shutil.copyfile(path, folder / f"more_{name}.tflite")
    picture = cv2.imread(str(data / "images" / "cats_and_dogs.jpg"))
    if picture is None:
        raise ArmError(f"{data}/images/cats_and_dogs.jpg is absent: set FORESIGHT_DATA to the folder of test data")
    np.save(folder / "picture.npy", picture)
    return len(list(folder.glob("*.tflite")))
