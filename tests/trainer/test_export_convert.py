"""A tiny detector, exported in every variant and run as the daemon runs it: it finds what the network finds."""

import resource
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edge.contracts.boxes import iou, nms
from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.manifest import Task
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F32, U8, Detections, Head
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from tests.trainer.trained_detector import LABELS, SMALL, tiny_detector  # noqa: E402
from trainer.detector.architecture import grid  # noqa: E402
from trainer.detector.assign import decoded  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.export.convert import POST_PROCESS, Converted, convert  # noqa: E402
from trainer.export.graph import read_operators  # noqa: E402
from trainer.export.operators import report_operators  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.trained import Trained  # noqa: E402

Exported = Callable[[Variant], tuple[Path, Converted]]
LIMITS = DecodeLimits(min_score=POST_PROCESS.min_score, nms_iou=POST_PROCESS.nms_iou, max_detections=25)
SIZE = (80, 48)  # wider than high: a letterbox leaves grey below


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Trained]:
    return tiny_detector(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder, random = tmp_path_factory.mktemp("train"), np.random.default_rng(2)
    paths = tuple(folder / f"{number:02d}.png" for number in range(16))
    for path in paths:
        coarse = random.integers(0, 256, (6, 10, 3)).astype(np.uint8)
        cv2.imwrite(str(path), cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC))
    (folder / "broken.jpg").write_bytes(b"no picture")
    return paths


@pytest.fixture(scope="module")
def exported(network: tuple[Any, Trained], pictures: tuple[Path, ...]) -> Exported:
    @cache
    def made(variant: Variant) -> tuple[Path, Converted]:
        out = network[1].folder / f"{variant}.tflite"
        return out, convert(network[1], variant, [pictures[0].with_name("broken.jpg"), *pictures], out, timeout_s=900)

    return made


def seen_by(path: Path, pixels: U8, threads: int = 1) -> Detections:
    """What the daemon's own parts make of a picture; boxes in fractions of the model's input."""
    bundle = read_bundle(path)
    with open_runtime(bundle, RuntimeSettings(threads=threads)) as runtime:
        return decoder(bundle, LIMITS)(runtime.invoke(Preprocess(bundle.input, OpenCv())(pixels)[0]))


def raw_by(path: Path, pixels: U8) -> tuple[F32, F32]:
    """Raw boxes (A, 4) and scores (A, C) that a file gives to its last operator."""
    bundle = read_bundle(path)
    boxes, scores, _ = read_operators(path.read_bytes())[-1].inputs
    with pytest.warns(UserWarning, match="preserve_all_tensors"):
        interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, Preprocess(bundle.input, OpenCv())(pixels)[0])
    interpreter.invoke()
    return interpreter.get_tensor(boxes.number)[0], interpreter.get_tensor(scores.number)[0]


def raw_of(model: Any, path: Path, pixels: U8) -> tuple[F32, F32]:
    """The same of the Keras network; `path` is of a float file, for its recipe."""
    outputs = model(Preprocess(read_bundle(path).input, OpenCv())(pixels)[0], training=False)
    return np.asarray(outputs["boxes"])[0], np.asarray(tf.sigmoid(outputs["logits"]))[0]


def found_of(boxes: F32, scores: F32) -> Detections:
    """What is found by decoding as training does, and suppressing over all classes, of each cell the best."""
    cells = grid(SMALL)
    corner = np.asarray(decoded(boxes[None], cells.centre, cells.stride, cells.base))[0]
    every = Detections(corner, scores.max(axis=1), scores.argmax(axis=1))[scores.max(axis=1) >= POST_PROCESS.min_score]
    kept = nms(every.box, every.score, np.zeros_like(every.label), POST_PROCESS.nms_iou)
    return every[kept[: POST_PROCESS.max_detections]]


def picture(path: Path) -> U8:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return pixels.astype(np.uint8, copy=False)


def test_the_float_file_gives_what_the_network_gives(
    network: tuple[Any, Trained], exported: Exported, pictures: tuple[Path, ...]
) -> None:
    path, _ = exported(Variant.FLOAT32)
    pixels = picture(pictures[3])
    boxes, scores = raw_by(path, pixels)
    true_boxes, true_scores = raw_of(network[0], path, pixels)
    assert true_boxes.std() > 0.1
    assert true_scores.std() > 0.1
    assert np.abs(boxes - true_boxes).max() < 1e-4
    assert np.abs(scores - true_scores).max() < 1e-4
    true = found_of(true_boxes, true_scores)
    for threads in (1, 2, 3):  # LiteRT's suppression class by class gives another answer with two
        seen = seen_by(path, pixels, threads)
        assert len(seen) == 25
        assert set(seen.label.tolist()) == {0, 1, 2}
        assert np.array_equal(seen.label, true.label)
        assert np.abs(seen.score - true.score).max() < 1e-4
        assert np.abs(seen.box - true.box).max() < 1e-4


@pytest.mark.parametrize("variant", list(Variant))
def test_every_variant_is_a_complete_bundle(exported: Exported, pictures: tuple[Path, ...], variant: Variant) -> None:
    path, told = exported(variant)
    bundle = read_bundle(path)
    assert (bundle.head, bundle.labels, bundle.name) == (Head.SSD, LABELS, "tiny")
    assert [spec.shape for spec in bundle.outputs] == [(1, 25, 4), (1, 25), (1, 25), (1,)]
    assert {spec.dtype for spec in bundle.outputs} == {"float32"}
    assert bundle.input.tensor.dtype == ("uint8" if variant is Variant.INT8 else "float32")
    assert read_manifest(path) == told.manifest
    assert told.manifest.quantisation == variant.quantisation
    assert told.manifest.calibration.samples == (16 if variant is Variant.INT8 else 0)
    assert bool(told.warnings) == (variant is Variant.INT8)


@pytest.mark.parametrize(
    ("variant", "error", "overlap"),  # a random network magnifies what rounding changes; a trained one is calmer
    [(Variant.FLOAT16, 0.02, 0.85), (Variant.DYNAMIC, 0.12, 0.5), (Variant.INT8, 0.25, 0.3)],
)
def test_smaller_numbers_find_much_the_same(
    exported: Exported, pictures: tuple[Path, ...], variant: Variant, error: float, overlap: float
) -> None:
    (path, _), (whole, _) = exported(variant), exported(Variant.FLOAT32)
    pixels = picture(pictures[3])
    scores, true_scores = raw_by(path, pixels)[1], raw_by(whole, pixels)[1]
    seen, true = seen_by(path, pixels), seen_by(whole, pixels)
    best = iou(true.box[:5], seen.box) * (true.label[:5, None] == seen.label[None, :])
    assert np.abs(scores - true_scores).mean() < error
    assert np.median(best.max(axis=1)) > overlap
    assert path.stat().st_size < 0.65 * whole.stat().st_size


def test_int8_takes_the_picture_as_it_is_and_computes_in_bytes(exported: Exported, pictures: tuple[Path, ...]) -> None:
    path, _ = exported(Variant.INT8)
    given = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8)
    tensor, _ = Preprocess(read_bundle(path).input, OpenCv())(given)
    assert np.array_equal(tensor[0], given[..., ::-1])  # BGR to RGB, else byte for byte
    report = report_operators(path.read_bytes())
    assert report.floats == ()
    left = {use.name: use.count for use in report.uses if use.place == "cpu"}
    assert left == {"DEQUANTIZE": 2, "TFLite_Detection_PostProcess": 1}


def test_an_unreadable_picture_is_left_out_and_listed(exported: Exported) -> None:
    _, told = exported(Variant.INT8)
    assert [path.name for path in told.unreadable] == ["broken.jpg"]
    assert told.manifest.calibration.samples == 16
    assert told.warnings == ("pictures for calibration that cannot be read were left out: 1",)


def test_a_damaged_network_is_told_of(tmp_path: Path) -> None:
    trained = Trained(tmp_path, Task.DETECTOR, "tiny", LABELS, 64, fake_quantised=False)
    trained.network.write_bytes(b"no archive")
    (tmp_path / "network.json").write_text(
        '{"task": "detector", "name": "", "labels": ["a"], "input_px": 64, "fake_quantised": false}'
    )
    with pytest.raises(TrainError, match=r"network.keras cannot be read"):
        convert(trained, Variant.FLOAT32, [], tmp_path / "m.tflite", timeout_s=900)
    assert not (tmp_path / "m.tflite").exists()


def test_the_converter_out_of_disk(network: tuple[Any, Trained], tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, hard))  # what a full disk does: writing fails half way
    try:
        with pytest.raises(
            TrainError, match=r"to float32 failed: the network cannot be put into .*; free some space there"
        ):
            convert(network[1], Variant.FLOAT32, [], tmp_path / "m.tflite", timeout_s=900)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "m.tflite").exists()
