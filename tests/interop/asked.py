"""What is asked of a foreign reader, and what it answers: JSON files, since it runs in an environment of its own.

Pictures are brought to the model's input beforehand, so that what is compared is the model and not the resizing:
MediaPipe stretches a picture where a model of ours wants a letterbox.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.decode_scores import class_scores
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F32, U8, Frame, Head, InputRecipe, ModelBundle
from edge.detection.detector import ModelDetector
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import TfliteRuntime, open_runtime

MIN_SCORE = 0.05  # below, the noise of quantisation decides what is found
# What the model itself keeps is compared: nothing more is dropped.
SETTINGS = DetectionSettings(min_score=MIN_SCORE, max_crops=0, nms_iou=1.0)
NOWHERE: F32 = np.zeros((0, 4), np.float32)
CLASSES = 5  # of a classifier, the best so many


@dataclass(frozen=True, slots=True)
class Found:
    """One thing in one picture; a classifier's box is the whole picture."""

    label: str
    score: float
    box: tuple[float, ...]  # x1, y1, x2, y2, fractions


@dataclass(frozen=True, slots=True)
class Request:
    """One model and the pictures to run it over, written as `request.json`."""

    model: str  # path
    task: str  # "detector" or "classifier"
    pictures: str  # path of an .npy: (P, S, S, 3) RGB
    mean: tuple[float, ...]  # of a float model's input: (x - mean) / std
    std: tuple[float, ...]
    min_score: float
    most: int
    size_px: int  # side of the pictures
    quantised: bool

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def ask(model: Path, pictures: Sequence[U8], folder: Path) -> tuple[Request, list[list[Found]]]:
    """What is to be asked of others, and what our own runtime finds in each picture.

    Args:
        model: a bundle.
        pictures: BGR (h, w, 3), of any size.
        folder: for the request and the prepared pictures.

    Raises:
        ModelError: our own runtime cannot run it.
    """
    bundle = read_bundle(model)
    prepared = [prepare(pixels, bundle.input) for pixels in pictures]
    np.save(folder / "pictures.npy", np.stack(prepared)[..., ::-1])
    detects = bundle.head is Head.SSD
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        expected = [_detected(runtime, one) if detects else _classified(runtime, one) for one in prepared]
    request = Request(
        model=str(model.resolve()),
        task="detector" if detects else "classifier",
        pictures=str((folder / "pictures.npy").resolve()),
        mean=bundle.input.mean,
        std=bundle.input.std,
        min_score=MIN_SCORE,
        most=100 if detects else CLASSES,
        size_px=prepared[0].shape[0],
        quantised=bundle.input.tensor.dtype != "float32",
    )
    request.write(folder / "request.json")
    return request, expected


def prepare(pixels: U8, recipe: InputRecipe) -> U8:
    """(S, S, 3) BGR: a picture at the size of a model's input, brought there as the model wants it."""
    height, width = recipe.tensor.shape[1:3]
    plain = InputRecipe(recipe.tensor, recipe.resize, recipe.order, (0.0,) * 3, (1.0,) * 3)
    spec = type(recipe.tensor)("picture", (1, height, width, 3), "float32", 0.0, 0)
    tensor, _ = Preprocess(type(plain)(spec, plain.resize, plain.order, plain.mean, plain.std), OpenCv())(pixels)
    ordered = tensor[0, :, :, ::-1] if recipe.order.value == "rgb" else tensor[0]
    return np.ascontiguousarray(np.rint(ordered), dtype=np.uint8)


def _detected(runtime: TfliteRuntime, pixels: U8) -> list[Found]:
    seen = ModelDetector(runtime, SETTINGS, OpenCv()).detect(Frame("interop", 0, 0.0, 0, pixels), NOWHERE)
    return [
        Found(runtime.bundle.labels[label], float(score), tuple(map(float, box)))
        for label, score, box in zip(seen.label.tolist(), seen.score.tolist(), seen.box.tolist(), strict=True)
    ]


def _classified(runtime: TfliteRuntime, pixels: U8) -> list[Found]:
    bundle: ModelBundle = runtime.bundle
    tensor, _ = Preprocess(bundle.input, OpenCv())(pixels)
    scores = class_scores(runtime.invoke(tensor), bundle)
    best = np.argsort(-scores, kind="stable")[:CLASSES].tolist()
    return [Found(bundle.labels[row], float(scores[row]), (0.0, 0.0, 1.0, 1.0)) for row in best]


def read_answer(path: Path) -> list[list[Found]]:
    """What a foreign reader found in each picture."""
    return [
        [Found(one["label"], float(one["score"]), tuple(one["box"])) for one in picture]
        for picture in json.loads(path.read_text())
    ]
