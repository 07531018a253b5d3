"""A detector from pictures to a network on disk, small enough for a test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.pictures import squares
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from trainer.data.dataset import Dataset  # noqa: E402
from trainer.data.order import Order  # noqa: E402
from trainer.data.pixels import Pixels  # noqa: E402
from trainer.detector.architecture import Architecture, Grid, grid  # noqa: E402
from trainer.detector.batches import DetectorBatches, Plan  # noqa: E402
from trainer.detector.detecting import Finder  # noqa: E402
from trainer.detector.settings import DetectorRecipe, NetworkSettings, TrainingSettings  # noqa: E402
from trainer.detector.training import Run, batches, train_detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.evaluate.coco import evaluate_coco  # noqa: E402
from trainer.networks import load_network  # noqa: E402
from trainer.training.number import Precision  # noqa: E402

RECIPE = DetectorRecipe(
    weights="none",
    network=NetworkSettings(input_px=64, channels=16, dropout=0.1),
    training=TrainingSettings(steps=6, batch=4, label_smoothing=0.05),
)


def run(folder: Path, precision: Precision = Precision.FLOAT32) -> Run:
    return Run(folder, "squares", 1, precision, 0)


def test_batches_go_on_where_they_stood(tmp_path: Path) -> None:
    made = batches(RECIPE, squares(tmp_path, 5))
    source = made.since(0)
    first = [next(source) for _ in range(4)]
    resumed = next(made.since(3))
    assert all(np.array_equal(one, other) for one, other in zip(first[3], resumed, strict=True))
    assert not np.array_equal(first[2][0], first[3][0])
    assert [one.dtype for one in resumed] == [tf.uint8, tf.float32, tf.int64]
    assert resumed[0].shape == (4, 64, 64, 3)


def test_the_end_of_training_has_no_mosaics(tmp_path: Path) -> None:
    dataset = squares(tmp_path, 6, most=1)
    change = replace(RECIPE.augmentation.change(), mosaic=1.0, smallest=0.9, largest=1.0)
    made = DetectorBatches(dataset, Pixels(64), Order(dataset, 1), Plan(64, 4, change, calm_from=2, seed=1))
    assert max(len(made.sample(n).label) for n in range(8)) > 1
    assert max(len(made.sample(n).label) for n in range(8, 24)) == 1


def test_a_trained_network_lies_in_its_folder(tmp_path: Path) -> None:
    told: list[int] = []
    trained, result = train_detector(
        RECIPE, squares(tmp_path / "in", 6), None, run(tmp_path / "run"), lambda step, _: told.append(step)
    )
    assert (trained.labels, trained.input_px, result.step) == (("red", "blue"), 64, 6)
    assert told == [6]
    outputs = load_network(trained)(np.zeros((1, 64, 64, 3), np.float32), training=False)
    assert outputs["logits"].shape == (1, 84, 2)


def test_validation_scores_what_is_not_learnt_from(tmp_path: Path) -> None:
    _, result = train_detector(
        RECIPE, squares(tmp_path / "a", 6), squares(tmp_path / "b", 3, seed=9), run(tmp_path / "run"), lambda *_: None
    )
    assert 0 <= result.score <= 1
    assert (tmp_path / "run" / "validation.csv").exists()


def test_mixed_precision_leaves_a_float32_network(tmp_path: Path) -> None:
    trained, _ = train_detector(
        RECIPE, squares(tmp_path / "in", 4), None, run(tmp_path / "run", Precision.BFLOAT16), lambda *_: None
    )
    model = load_network(trained)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"weights": str(tmp_path / "absent.h5")})
    with pytest.raises(TrainError, match=r"no weights at .*absent\.h5; name a file"):
        train_detector(recipe, squares(tmp_path / "in", 4), None, run(tmp_path / "run"), lambda *_: None)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, block__kernel=np.zeros((1, 1, 3, 4), np.float32))
    recipe = RECIPE.model_copy(update={"weights": str(path)})
    with pytest.raises(TrainError, match="does not hold the weights of"):
        train_detector(recipe, squares(tmp_path / "in", 4), None, run(tmp_path / "run"), lambda *_: None)


def test_the_finder_brings_boxes_back_to_the_picture(tmp_path: Path) -> None:
    """A network that knows the answer scores 1: letterbox, cells and boxes fit together."""
    dataset = squares(tmp_path, 4, most=1)
    architecture = Architecture(2, 64, channels=16)
    cells = grid(architecture)
    answers = iter([_answer(dataset, cells)])
    found = Finder(64, cells).find(lambda *_, **__: next(answers), dataset)
    assert evaluate_coco(dataset, found).scores.ap50 == pytest.approx(1.0)
    assert evaluate_coco(dataset, found).scores.ap == pytest.approx(1.0)


def _answer(dataset: Dataset, cells: Grid) -> dict[str, Any]:
    boxes = np.zeros((len(dataset), len(cells.centre), 4), np.float32)
    logits = np.full((len(dataset), len(cells.centre), 2), -20.0, np.float32)
    for row, picture in enumerate(dataset.pictures):
        in_letterbox = np.array([1, picture.height / picture.width] * 2, np.float32)  # wide ones fill its width
        box, label = picture.box[0] * in_letterbox, picture.label[0]
        centre, side = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        cell = int(np.abs(cells.centre - centre).sum(axis=1).argmin())
        offset = (centre - cells.centre[cell]) / cells.stride[cell]
        boxes[row, cell] = [*offset[::-1], *np.log(side / cells.base[cell])[::-1]]
        logits[row, cell, label] = 10.0
    return {"boxes": tf.constant(boxes), "logits": tf.constant(logits)}
