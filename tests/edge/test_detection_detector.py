import json
from collections.abc import Callable

import numpy as np
import pytest

from edge.contracts.boxes import iou
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, U8, Detections, Head, ModelBundle
from edge.detection.detector import Calls, ModelDetector
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.paths import data
from tests.rigs.bundles import LABELS, Prepared, bundle, feed, ssd_bundle, ssd_outputs, tensor
from tests.rigs.litert import LiteRt, coco80, real
from tests.rigs.pictures import picture

NOWHERE: F32 = np.zeros((0, 4), np.float32)
FRAME: U8 = np.zeros((720, 1280, 3), np.uint8)
MIDDLE = np.array([[0.49, 0.49, 0.51, 0.51]], np.float32)
ONE = ssd_outputs([((0.25, 0.25, 0.75, 0.75), 0, 0.9)])
NONE = ssd_outputs([])


def prepared(*answers: tuple[np.ndarray, ...], **settings: float) -> tuple[ModelDetector, Prepared]:
    runtime = Prepared(ssd_bundle(), answers)
    return ModelDetector(runtime, DetectionSettings(**settings), OpenCv()), runtime


def ssd(**settings: float) -> ModelDetector:
    return ModelDetector(real("ssd_mobilenet_v1_coco_quant"), DetectionSettings(**settings), OpenCv())


def yolox(**settings: float) -> ModelDetector:
    return ModelDetector(real("yolox_nano_416_float", coco80()), DetectionSettings(**settings), OpenCv())


def names(detector: ModelDetector, found: Detections) -> list[str]:
    return [detector.labels[label] for label in found.label]


def test_nothing_seen() -> None:
    detector, _ = prepared(NONE)
    assert len(detector.detect(FRAME, NOWHERE)) == 0
    assert len(detector.detect(FRAME, MIDDLE)) == 0
    assert detector.labels == LABELS


def test_one_run_per_frame_without_regions() -> None:
    detector, runtime = prepared(ONE)
    for _ in range(3):
        assert np.allclose(detector.detect(FRAME, NOWHERE).box, [[0.25, 0.25, 0.75, 0.75]])
    assert detector.calls == Calls(full=3, crops=0)
    assert len(runtime.fed) == 3


def test_crops_are_counted_and_bounded() -> None:
    detector, _ = prepared(NONE, max_crops=2)
    corners = np.array([[x, y, x + 0.01, y + 0.01] for x in (0.1, 0.8) for y in (0.1, 0.8)], np.float32)
    detector.detect(FRAME, corners)
    assert detector.calls == Calls(full=1, crops=2)
    off, _ = prepared(NONE, max_crops=0)
    off.detect(FRAME, corners)
    assert off.calls == Calls(full=1, crops=0)


def test_regions_beyond_the_budget_have_their_turn_in_the_next_frame() -> None:
    detector, runtime = prepared(NONE, max_crops=1)
    half = FRAME.copy()
    half[:, 640:] = 255
    sides = np.array([[0.1, 0.5, 0.11, 0.51], [0.9, 0.5, 0.91, 0.51]], np.float32)
    for _ in range(4):
        detector.detect(half, sides)
    assert sorted(int(fed.max()) for fed in runtime.fed[1::2]) == [0, 0, 255, 255]


def test_what_a_crop_shows_is_put_where_it_is_in_the_frame() -> None:
    detector, _ = prepared(NONE, ONE)
    box = detector.detect(FRAME, MIDDLE).box
    half = np.array([32, 32]) / 2 / 1.5 / [1280, 720]
    assert np.allclose(box, [np.concatenate([0.5 - half, 0.5 + half])], atol=2e-3)


@pytest.mark.parametrize("cut", [(0.0, 0.3, 0.5, 0.6), (0.3, 0.3, 1.0, 0.6), (0.3, -0.1, 0.5, 0.6)])
def test_what_a_crop_cuts_is_left_to_the_others(cut: tuple[float, float, float, float]) -> None:
    detector, _ = prepared(NONE, ssd_outputs([(cut, 0, 0.99)]))
    assert len(detector.detect(FRAME, MIDDLE)) == 0


def test_frames_of_changing_size_and_tiny_ones() -> None:
    detector, _ = prepared(ONE)
    for shape in ((720, 1280, 3), (1, 1, 3), (480, 640, 3), (1080, 1920, 3)):
        assert len(detector.detect(np.zeros(shape, np.uint8), MIDDLE)) >= 1


@pytest.mark.parametrize("head", [Head.CLASSIFIER, Head.EMBEDDING])
def test_a_model_that_finds_no_boxes_is_refused(head: Head) -> None:
    runtime = Prepared(bundle(head, [tensor()], recipe=feed()), [NONE])
    with pytest.raises(ModelError, match="not a detector"):
        ModelDetector(runtime, DetectionSettings(), OpenCv())


@pytest.mark.parametrize("run", [LiteRt, lambda bundle: open_runtime(bundle, RuntimeSettings())])
def test_detections_are_those_that_another_runtime_finds(run: Callable[[ModelBundle], Runtime]) -> None:
    case = json.loads(data("images", "expected_results.json").read_text())["cases"][0]
    pixels = picture("images", "cats_and_dogs.jpg")
    runtime = run(read_bundle(data("models", "ssd_mobilenet_v1_coco_quant.tflite")))
    detector = ModelDetector(runtime, DetectionSettings(), OpenCv())
    found = detector.detect(pixels, NOWHERE)[: len(case["detections"])]
    xywh = np.array([row["box"] for row in case["detections"]], np.float32)
    size = np.array(pixels.shape[1::-1] * 2, np.float32)
    expected = (np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1) / size).astype(np.float32)
    assert names(detector, found) == [row["label"] for row in case["detections"]]
    assert np.diag(iou(found.box, expected)).min() >= 0.85
    assert np.abs(found.score - [row["score"] for row in case["detections"]]).max() <= 0.05


def test_yolox_finds_the_same_cats_and_the_dog() -> None:
    pixels = picture("images", "cats_and_dogs.jpg")
    first, second = ssd(), yolox(min_score=0.05)
    sure = np.array([0, 1, 3])  # the third cat is half of the first
    expected, found = first.detect(pixels, NOWHERE)[sure], second.detect(pixels, NOWHERE)
    overlap = iou(expected.box, found.box)
    for row, name in enumerate(names(first, expected)):
        same = [i for i, other in enumerate(names(second, found)) if other == name]
        assert overlap[row, same].max() > 0.6, name


@pytest.mark.parametrize("make", [ssd, yolox])
def test_a_cat_is_a_cat(make: Callable[[], ModelDetector]) -> None:
    detector = make()
    found = detector.detect(picture("images", "cat_720p.jpg"), NOWHERE)
    assert names(detector, found)[0] == "cat"
