"""A model file run over labelled pictures exactly as the daemon runs it: its runtime, pre-processing and decoders.

Detectors find boxes; of a classifier every class is a box over the whole picture.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.input_rules import Overrides
from edge.contracts.preprocess import Imaging
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, U8, Detections, Frame, Head, ModelBundle
from edge.detection.detector import Detector, ModelDetector
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.data.dataset import Dataset
from trainer.evaluate.relabel import label_map, relabel
from trainer.evaluate.whole import WholePicture

NOWHERE: F32 = np.zeros((0, 4), np.float32)
WARM_UP = 3  # looks before the clock counts: caches fill, threads start
# AP needs the doubtful detections too; no crops: what is scored is the model, not the daemon's second look.
SCORING = DetectionSettings(min_score=0.001, max_crops=0, max_detections=100)

Looker = Callable[[Runtime, DetectionSettings, Imaging], Detector]
LOOKERS: Mapping[Head, Looker] = {Head.CLASSIFIER: WholePicture}  # all others: detectors


@dataclass(frozen=True, slots=True)
class Latency:
    """Wall-clock milliseconds of one look: pre-processing, model and decoding. NaN without pictures."""

    p50_ms: float
    p95_ms: float
    threads: int


@dataclass(frozen=True, slots=True, eq=False)
class ModelRun:
    """What a model found, and what it cost."""

    bundle: ModelBundle
    dataset: Dataset  # the pictures that could be read
    found: tuple[Detections, ...]  # one for each of them, labels of the data set
    latency: Latency
    unreadable: tuple[Path, ...]
    unknown: tuple[str, ...]  # labels of the data set that the model does not know
    library: str  # what ran it, and what computed


def run_model(
    bundle: ModelBundle,
    dataset: Dataset,
    *,
    threads: int = 2,
    settings: DetectionSettings = SCORING,
    moved: Callable[[int], None] = lambda _: None,
) -> ModelRun:
    """Run a detector or a classifier over every picture that can be read.

    Args:
        bundle: the model file (`edge.contracts.bundle.read_bundle`).
        dataset: labels are brought together by name.
        threads: CPU threads.
        settings: what is kept of its findings.
        moved: told how many pictures are done.

    Raises:
        ModelError: the model cannot be run, or shares no label with the data set.
    """
    rows = label_map(bundle.labels, dataset.labels)
    kept: list[int] = []
    found: list[Detections] = []
    took: list[float] = []
    with open_runtime(bundle, RuntimeSettings(threads=threads)) as runtime:
        detector = LOOKERS.get(bundle.head, ModelDetector)(runtime, settings, OpenCv())
        for index, picture in enumerate(dataset.pictures):
            pixels = read_pixels(picture.path)
            if pixels is not None:
                kept.append(index)
                seen, elapsed = _look(detector, pixels, WARM_UP if not took else 0)
                found.append(relabel(seen, rows))
                took.append(elapsed)
            moved(index + 1)
        library = f"{runtime.name}, {runtime.delegate}"
    lost = sorted(set(range(len(dataset))) - set(kept))
    return ModelRun(
        bundle=bundle,
        dataset=dataset.take(kept),
        found=tuple(found),
        latency=_latency(took, threads),
        unreadable=tuple(dataset.pictures[index].path for index in lost),
        unknown=tuple(name for row, name in enumerate(dataset.labels) if row not in rows),
        library=library,
    )


def read_pixels(path: Path) -> U8 | None:
    """A picture, BGR (h, w, 3); None where there is none that can be read."""
    pixels: U8 | None = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return pixels


def _look(detector: Detector, pixels: U8, warm_up: int) -> tuple[Detections, float]:
    """What is found, and the milliseconds that it took."""
    frame = Frame("evaluate", 0, 0.0, 0, pixels)
    for _ in range(warm_up):
        detector.detect(frame, NOWHERE)
    begin = time.perf_counter()
    seen = detector.detect(frame, NOWHERE)
    return seen, (time.perf_counter() - begin) * 1000


def _latency(took: list[float], threads: int) -> Latency:
    middle, high = np.percentile(took, [50, 95]).tolist() if took else (float("nan"), float("nan"))
    return Latency(middle, high, threads)


def read_detector(path: Path, labels: Path | None = None) -> ModelBundle:
    """A model file that can be scored as a detector, with the labels of a file where one is given.

    Raises:
        ModelError: it cannot be read, or carries no labels and none were given.
    """
    bundle = read_bundle(path, overrides=Overrides(labels=labels))
    if not any(bundle.labels):
        raise ModelError(f"{path} carries no labels; name its label file (--labels)")
    return bundle
