"""Real pictures shown small on a real 1080p street, and how many of their objects a detector finds."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.boxes import from_centre_size, iou
from edge.contracts.types import F32, U8, Detections
from edge.detection.detector import ModelDetector
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from tests.paths import data
from tests.rigs.litert import coco80, real
from tests.rigs.pictures import picture

WIDTH, HEIGHT = 1920, 1080
SIDE = 220  # pixels of the longer side of a pasted picture
PLACES = ((150, 620), (850, 700), (1450, 560))  # left, top
PICTURES = 60  # of the val half of COCO128, three per scene
SMALL = (20, 130)  # heights in pixels of the objects that count


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """One picture and its small objects."""

    pixels: U8
    box: F32  # (N, 4) of the pasted objects, frame fractions
    name: tuple[str, ...]


def street() -> U8:
    ok, frame = cv2.VideoCapture(str(data("videos", "car-detection.mp4"))).read()
    assert ok
    return cv2.resize(frame, (WIDTH, HEIGHT)).astype(np.uint8, copy=False)


def objects_of(stem: str) -> F32:
    """(N, 5): class of the 80, and the box in fractions of the picture."""
    path = data("coco128", "labels", "val2017") / f"{stem}.txt"
    rows = np.loadtxt(path, ndmin=2, dtype=np.float32).reshape(-1, 5)
    return np.concatenate([rows[:, :1], from_centre_size(rows[:, 1:])], axis=1)


def scene(background: U8, stems: list[str], names: tuple[str, ...]) -> Scene:
    pixels, boxes, found = background.copy(), [np.zeros((0, 4), np.float32)], []
    for stem, (left, top) in zip(stems, PLACES, strict=True):
        original = picture("coco128", "images", "val2017", f"{stem}.jpg")
        ratio = SIDE / max(original.shape[:2])
        small = cv2.resize(original, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        pixels[top : top + height, left : left + width] = small
        rows = objects_of(stem)
        box = rows[:, 1:] * np.array([width, height] * 2)
        box = (box + np.array([left, top] * 2)) / np.array([WIDTH, HEIGHT] * 2)
        tall = (box[:, 3] - box[:, 1]) * HEIGHT
        good = (tall >= SMALL[0]) & (tall <= SMALL[1])
        boxes.append(box[good].astype(np.float32))
        found += [names[int(index)] for index in rows[good, 0]]
    return Scene(pixels, np.concatenate(boxes), tuple(found))


def hits(truth: Scene, found: Detections, labels: tuple[str, ...]) -> int:
    if len(found) == 0 or len(truth.box) == 0:
        return 0
    same = np.array([[labels[label] == name for label in found.label] for name in truth.name])
    return int(((iou(truth.box, found.box) >= 0.5) & same).any(axis=1).sum())


def shaken(box: F32, rng: np.random.Generator) -> F32:
    """Regions such as activity gives them: off by a tenth of the object."""
    size = np.tile(box[:, 2:] - box[:, :2], 2)
    return (box + rng.normal(0, 0.1, box.shape) * size).astype(np.float32)


def scenes() -> list[Scene]:
    """Scenes of three pictures each, from the val half."""
    background, names = street(), coco80()
    stems = sorted(path.stem for path in data("coco128", "images", "val2017").glob("*.jpg"))[:PICTURES]
    stems = [stem for stem in stems if (data("coco128", "labels", "val2017") / f"{stem}.txt").exists()]
    return [scene(background, stems[i : i + 3], names) for i in range(0, len(stems) - 2, 3)]


def recall(max_crops: int, views: list[Scene]) -> float:
    """Share of the small objects that the SSD finds with so many crops per frame, at IoU 0.5 and the right label."""
    detector = ModelDetector(real("ssd_mobilenet_v1_coco_quant"), DetectionSettings(max_crops=max_crops), OpenCv())
    rng = np.random.default_rng(1)
    found = [hits(view, detector.detect(view.pixels, shaken(view.box, rng)), detector.labels) for view in views]
    return sum(found) / sum(len(view.box) for view in views)
