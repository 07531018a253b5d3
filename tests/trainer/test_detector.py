"""The detector: shapes, how boxes are written, which cell finds what, and that it learns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contracts.manifest import Task
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from trainer.backbones import imagenet_network  # noqa: E402
from trainer.detector.architecture import Architecture, grid  # noqa: E402
from trainer.detector.assign import assign, decoded, overlap  # noqa: E402
from trainer.detector.loss import loss  # noqa: E402
from trainer.detector.network import PRIOR, detector  # noqa: E402
from trainer.networks import load_network, save_network  # noqa: E402
from trainer.trained import Trained, read_trained  # noqa: E402

SMALL = Architecture(2, 64, channels=16)
GRID = grid(SMALL)


def truth(*boxes: tuple[float, float, float, float], rows: int = 3) -> np.ndarray:
    padded = np.zeros((1, rows, 4), np.float32)
    padded[0, : len(boxes)] = np.array(boxes, np.float32).reshape(-1, 4)
    return padded


def test_the_network_has_a_row_for_each_cell_and_expects_little_at_first() -> None:
    outputs = detector(SMALL)(np.zeros((2, 64, 64, 3), np.float32), training=False)
    assert outputs["boxes"].shape == (2, SMALL.cells, 4)
    assert outputs["logits"].shape == (2, SMALL.cells, 2)
    assert float(tf.reduce_mean(tf.sigmoid(outputs["logits"]))) == pytest.approx(PRIOR, rel=0.2)


def test_a_raw_box_of_nothing_is_the_cell_s_own() -> None:
    box = decoded(np.zeros((1, SMALL.cells, 4), np.float32), GRID.centre, GRID.stride, GRID.base).numpy()[0]
    assert np.allclose((box[:, :2] + box[:, 2:]) / 2, GRID.centre, atol=1e-6)
    assert np.allclose(box[:, 2:] - box[:, :2], np.repeat(GRID.base, 2, axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((0, 0, 1, 1), (0, 0, 1, 1), 1.0), ((0, 0, 1, 1), (1, 0, 2, 1), 0.0), ((0, 0, 2, 1), (1, 0, 3, 1), 1 / 3)],
)
def test_overlap(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    assert float(overlap(tf.constant(one, tf.float32), tf.constant(other, tf.float32))) == pytest.approx(expected)


def assigned(predicted: np.ndarray, score: np.ndarray, boxes: np.ndarray, labels: list[int]) -> list[np.ndarray]:
    label = np.zeros(boxes.shape[:2], np.int32)
    label[0, : len(labels)] = labels
    predicted, score, boxes, label = (tf.constant(one) for one in (predicted, score, boxes, label))
    found = assign(predicted, score, boxes, label, GRID.centre, GRID.stride)
    return [np.asarray(one)[0] for one in found]


def uniform() -> tuple[np.ndarray, np.ndarray]:
    raw = np.zeros((1, SMALL.cells, 4), np.float32)
    predicted = np.asarray(decoded(raw, GRID.centre, GRID.stride, GRID.base))
    score = np.random.default_rng(1).uniform(0.09, 0.11, (1, SMALL.cells, 2)).astype(np.float32)  # no two are alike
    return predicted, score


def test_an_empty_picture_has_nothing_to_find() -> None:
    found, _, quality = assigned(*uniform(), truth(), [])
    assert not found.any()
    assert quality.sum() == 0


def test_the_cells_that_find_an_object_lie_in_it_and_the_best_is_to_be_as_sure_as_it_fits() -> None:
    box = (0.25, 0.25, 0.75, 0.75)
    predicted, score = uniform()
    found, boxes, quality = assigned(predicted, score, truth(box), [1])
    assert 1 <= found.sum() <= 10
    inside = np.all((GRID.centre > 0.25) & (GRID.centre < 0.75), axis=1)
    near = (np.abs(GRID.centre - 0.5) < 1.5 * GRID.stride).all(axis=1)
    assert (inside | near)[found].all()
    assert np.allclose(boxes[found], box)
    assert quality[:, 0].sum() == 0
    fits = np.asarray(overlap(tf.constant(predicted[0]), tf.constant(box, tf.float32)))
    assert quality[:, 1].max() == pytest.approx(fits[found].max(), abs=1e-4)


def test_what_two_objects_want_goes_to_the_one_it_fits_better() -> None:
    boxes = truth((0.2, 0.2, 0.6, 0.6), (0.4, 0.4, 0.8, 0.8))
    found, assigned_box, _ = assigned(*uniform(), boxes, [0, 1])
    each = [np.allclose(row, boxes[0, 0]) or np.allclose(row, boxes[0, 1]) for row in assigned_box[found]]
    assert all(each)
    assert {tuple(row.round(3)) for row in assigned_box[found]} == {tuple(row.round(3)) for row in boxes[0, :2]}


def test_the_loss_is_smaller_for_what_is_right() -> None:
    boxes, label = truth((0.25, 0.25, 0.75, 0.75)), np.array([[1, 0, 0]], np.int32)
    near = np.argmin(np.abs(GRID.centre - 0.5).sum(1) + 10 * (GRID.stride[:, 0] != 8 / 64))
    right, wrong = (np.full((1, SMALL.cells, 2), -6, np.float32) for _ in range(2))
    raw = np.zeros((1, SMALL.cells, 4), np.float32)
    raw[0, near] = [*((0.5 - GRID.centre[near]) / GRID.stride[near])[::-1], *np.log(0.5 / GRID.base[near]).repeat(2)]
    right[0, near, 1], wrong[0, near, 0] = 6, 6
    good, bad = (loss(tf.constant(raw), tf.constant(one), boxes, label, GRID).total for one in (right, wrong))
    assert float(good) < float(bad)


def test_it_learns_one_picture_by_heart() -> None:
    tf.keras.utils.set_random_seed(3)
    model, picture = detector(SMALL), np.full((1, 64, 64, 3), -1, np.float32)
    picture[0, 16:48, 8:40] = 1
    boxes, label = truth((8 / 64, 16 / 64, 40 / 64, 48 / 64)), np.zeros((1, 3), np.int32)
    optimizer = tf.keras.optimizers.AdamW(5e-3)

    def step() -> Any:
        with tf.GradientTape() as tape:
            outputs = model(picture, training=True)
            total = loss(outputs["boxes"], outputs["logits"], boxes, label, GRID).total
        gradients = tape.gradient(total, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return total

    compiled = tf.function(step)
    losses = [float(compiled()) for _ in range(80)]
    assert losses[-1] < 0.3 * losses[0]
    outputs = model(picture, training=True)
    best = int(np.argmax(np.asarray(outputs["logits"])[0, :, 0]))
    box = np.asarray(decoded(outputs["boxes"], GRID.centre, GRID.stride, GRID.base))[0, best]
    assert float(overlap(tf.constant(box), tf.constant(boxes[0, 0]))) > 0.6


def test_a_raw_box_is_dy_dx_log_h_log_w_of_its_cell() -> None:
    raw = np.zeros((1, SMALL.cells, 4), np.float32)
    raw[0, 0] = [0.25, -0.5, np.log(0.5), np.log(2.0)]
    x1, y1, x2, y2 = np.asarray(decoded(raw, GRID.centre, GRID.stride, GRID.base))[0, 0]
    stride, base = float(GRID.stride[0, 0]), float(GRID.base[0, 0])
    assert (x1 + x2) / 2 == pytest.approx(GRID.centre[0, 0] - 0.5 * stride, abs=1e-6)
    assert (y1 + y2) / 2 == pytest.approx(GRID.centre[0, 1] + 0.25 * stride, abs=1e-6)
    assert (x2 - x1, y2 - y1) == pytest.approx((2 * base, base / 2), abs=1e-6)


def test_a_network_is_the_same_after_it_was_on_disk(tmp_path: Path) -> None:
    model = detector(SMALL)
    save_network(model, Trained(tmp_path, Task.DETECTOR, "small", ("a", "b"), SMALL.input_px, fake_quantised=False))
    trained = read_trained(tmp_path)
    picture = np.random.default_rng(1).uniform(-1, 1, (1, SMALL.input_px, SMALL.input_px, 3)).astype(np.float32)
    before, after = (one(picture, training=False) for one in (model, load_network(trained)))
    assert trained.labels == ("a", "b")
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_the_statistics_of_a_backbone_with_weights_stay_as_they_came(tmp_path: Path) -> None:
    weights = tmp_path / "backbone.weights.h5"
    imagenet_network(SMALL.backbone, SMALL.width, SMALL.input_px).save_weights(weights)
    for source, frozen, moves in ((str(weights), True, False), (str(weights), False, True), ("none", True, True)):
        model = detector(SMALL, source, frozen=frozen)
        body = next(layer for layer in model.layers if layer.name == "backbone")
        norms = [layer for layer in body.layers if isinstance(layer, tf.keras.layers.BatchNormalization)]
        before = [np.asarray(norm.moving_mean) for norm in norms]
        model(np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype(np.float32), training=True)
        same = [np.array_equal(old, norm.moving_mean) for old, norm in zip(before, norms, strict=True)]
        assert not any(same) if moves else all(same)


def test_a_network_with_frozen_statistics_gives_its_weights_to_one_without(tmp_path: Path) -> None:
    weights = tmp_path / "backbone.weights.h5"
    imagenet_network(SMALL.backbone, SMALL.width, SMALL.input_px).save_weights(weights)
    frozen, plain = detector(SMALL, str(weights)), detector(SMALL)
    plain.set_weights(frozen.get_weights())
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    one, other = (model(picture, training=False) for model in (frozen, plain))
    assert np.allclose(one["boxes"], other["boxes"], atol=1e-6)
