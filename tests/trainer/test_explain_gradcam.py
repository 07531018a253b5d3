"""The heat lies where the evidence lies, and comes from what was learnt (Adebayo et al., Sanity Checks, 2018)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from keras import layers  # noqa: E402

from edge.contracts.manifest import Task  # noqa: E402
from edge.contracts.types import F32, I64  # noqa: E402
from tests.trainer.explained import SIDE, colour_classifier, left_looker, level_and_reach, painted, view  # noqa: E402
from trainer.detector.architecture import Architecture, grid  # noqa: E402
from trainer.detector.assign import decoded  # noqa: E402
from trainer.detector.network import detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.explain.evidence import evidence_section, inside, verdict_heat  # noqa: E402
from trainer.explain.gradcam import heat, laid_out  # noqa: E402
from trainer.explain.levels import level_named  # noqa: E402
from trainer.explain.pictures import View, Views  # noqa: E402
from trainer.explain.reach import Reach  # noqa: E402
from trainer.explain.subject import Subject, subject  # noqa: E402
from trainer.explain.verdict import READERS, WHOLE, Finding, numbered, reader  # noqa: E402
from trainer.trained import Trained  # noqa: E402

RED, GREEN = (0, 0, 255), (0, 255, 0)
SMALL = Architecture(1, SIDE, channels=16)


def trained(task: Task, *labels: str) -> Trained:
    return Trained(Path("run"), task, "small", labels, SIDE, fake_quantised=False)


def studied(network: Any, kind: Trained, *views: View) -> Subject:
    return subject(kind, network, Views(views, ()))


def left(found: F32) -> float:
    """The share of the heat that lies in the left half."""
    return inside(found, np.array([0, 0, 0.5, 1], np.float32))


def test_a_network_that_looks_at_the_left_half_lights_the_left_half_up() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    for name in ("first_relu", "second_relu"):
        flat, level, reach = level_and_reach(left_looker(), name)
        asked = (flat, level, flat.outputs["logits"])
        found = laid_out(heat(asked, view(noise), lambda logits: logits[:, 0, 0], everywhere=False), reach, view(noise))
        assert found.shape == (SIDE, SIDE)
        assert found.max() == pytest.approx(1)
        assert left(found) > 0.9  # heat is laid out smoothly


def test_what_another_verdict_rests_upon_is_elsewhere() -> None:
    two = painted((slice(0, 64), slice(0, 24), RED), (slice(0, 64), slice(40, 64), GREEN))
    one = studied(colour_classifier(), trained(Task.CLASSIFIER, "red", "green"), view(two))
    seen = one.levels[-1]
    assert one.logits.name != one.flat.outputs["probabilities"].name  # what goes into the softmax
    red, green = (verdict_heat(one, view(two), Finding("", 1.0, WHOLE, 0, label), seen) for label in (0, 1))
    assert left(red) > 0.95
    assert left(green) < 0.05


def test_nothing_is_hot_where_nothing_speaks_for_it() -> None:
    black = view(painted())
    flat, level, reach = level_and_reach(left_looker(), "second_relu")
    found = heat((flat, level, flat.outputs["logits"]), black, lambda logits: -logits[:, 0, 0], everywhere=False)
    assert found.max() == 0
    assert np.isnan(inside(laid_out(found, reach, black), WHOLE))
    other = level_named(flat, "first_relu")
    assert heat((flat, other, flat.picture), black, lambda x: x[:, 0, 0, 0], everywhere=False).max() == 0


def test_heat_is_laid_where_the_units_look() -> None:
    spot = np.zeros((8, 8), np.float32)
    spot[2, 5] = 1
    for size in ((64, 64), (128, 128), (32, 64)):
        one = view(painted(size=size))
        found = laid_out(spot, Reach(8, (4, 4), 8), one)
        assert found.shape == size
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert (row + 0.5) / size[0] * one.filled[1] * SIDE == pytest.approx(2 * 8 + 4, abs=1)
        assert (column + 0.5) / size[1] * one.filled[0] * SIDE == pytest.approx(5 * 8 + 4, abs=1)


def squares(random: np.random.Generator, count: int) -> tuple[F32, F32]:
    """Pictures (B, S, S, 3) of one bright square each in the noise, and its boxes (B, 1, 4)."""
    pictures = random.uniform(-1, 0, (count, SIDE, SIDE, 3)).astype(np.float32)
    boxes = np.zeros((count, 1, 4), np.float32)
    for index in range(count):
        x, y = random.integers(0, SIDE - 20, 2).tolist()
        pictures[index, y : y + 20, x : x + 20] = random.uniform(0.5, 1, 3)
        boxes[index, 0] = np.array([x, y, x + 20, y + 20], np.float32) / SIDE
    return pictures, boxes


def spotter() -> Any:
    """One logit for each of 8 x 8 places: whether a square has its middle there."""
    picture = keras.Input((SIDE, SIDE, 3))
    x = picture
    for depth in range(3):
        x = layers.Conv2D(16, 5, strides=2, padding="same", name=f"conv_{depth}")(x)
        x = layers.ReLU(name=f"relu_{depth}")(x)
    x = layers.Conv2D(1, 3, padding="same", name="score")(x)
    return keras.Model(picture, {"logits": layers.Reshape((-1, 1))(x)}, name="spotter")


@pytest.fixture(scope="module")
def learnt() -> Any:
    """A network that has learnt where bright squares are."""
    keras.utils.set_random_seed(3)
    network, random = spotter(), np.random.default_rng(2)
    optimizer = keras.optimizers.AdamW(4e-3)

    def step(pictures: Any, place: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = network(pictures, training=True)["logits"][..., 0]
            total = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(place, logits))
        gradients = tape.gradient(total, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return total

    compiled = tf.function(step)
    for _ in range(100):
        pictures, boxes = squares(random, 8)
        total = compiled(tf.constant(pictures), tf.constant(cell_of(boxes)))
    assert float(total) < 1
    return network


def cell_of(boxes: F32) -> I64:
    """(B,) the place, of 8 x 8, of a square's middle."""
    middle = np.floor((boxes[:, 0, :2] + boxes[:, 0, 2:]) * 4).astype(np.int64)
    return middle[:, 1] * 8 + middle[:, 0]


def a_square() -> View:
    pixels = np.random.default_rng(4).integers(0, 110, (SIDE, SIDE, 3), dtype=np.uint8)
    pixels[36:56, 8:28] = (240, 220, 230)
    return view(pixels)


TRUTH: F32 = np.array([8 / SIDE, 36 / SIDE, 28 / SIDE, 56 / SIDE], np.float32)
THERE = Finding("square", 1.0, TRUTH, int(cell_of(TRUTH[None, None])[0]), 0)


def test_the_heat_of_a_detection_lies_in_its_box(learnt: Any) -> None:
    picture = a_square()
    one = studied(learnt, trained(Task.DETECTOR, "square"), picture)
    assert int(np.asarray(learnt(picture.tensor[None])["logits"])[0, :, 0].argmax()) == THERE.row
    around: F32 = np.clip(TRUTH + np.array([-6, -6, 6, 6], np.float32) / SIDE, 0, 1, dtype=np.float32)
    assert [level.name for level, _ in one.levels] == ["relu_0", "relu_1", "relu_2"]
    for chosen in one.levels:
        assert inside(verdict_heat(one, picture, THERE, chosen), around) > 0.8


def test_the_heat_comes_from_what_was_learnt_and_not_from_the_picture(learnt: Any) -> None:
    picture, alike = a_square(), []
    one = studied(learnt, trained(Task.DETECTOR, "square"), picture)
    chosen = one.levels[0]
    heat_of_learnt = verdict_heat(one, picture, THERE, chosen)
    assert np.array_equal(heat_of_learnt, verdict_heat(one, picture, THERE, chosen))
    kept, random = learnt.get_weights(), np.random.default_rng(6)
    for _ in range(8):
        learnt.set_weights([random.permutation(weight.ravel()).reshape(weight.shape) for weight in kept])
        other = verdict_heat(one, picture, THERE, chosen)
        alike.append(float(np.corrcoef(heat_of_learnt.ravel(), other.ravel())[0, 1]) if np.ptp(other) else 0.0)
    learnt.set_weights(kept)
    assert np.mean(np.abs(alike)) < 0.5


@pytest.fixture(scope="module")
def untrained() -> Subject:
    return studied(detector(SMALL), trained(Task.DETECTOR, "square"), a_square())


def test_a_picture_s_section_shows_what_was_found_and_why(untrained: Subject) -> None:
    section = evidence_section(untrained, a_square(), "smooth_8_pw_relu")
    assert section.shots[0].name == "picture_found"
    assert section.shots[0].text.startswith("What the network says: square 0.0")
    assert section.shots[1].name == "picture_1_smooth_8_pw_relu"
    assert "of the heat lies in the box" in section.shots[1].text or "Nothing" in section.shots[1].text
    assert "sure of nothing" in section.text[0]
    with pytest.raises(TrainError, match="no feature map 'nowhere'"):
        evidence_section(untrained, a_square(), "nowhere")


def test_the_boxes_of_a_detector_are_read_as_they_are_written() -> None:
    cells, where = grid(SMALL), 70  # of the second stride
    logits = np.full((1, SMALL.cells, 1), -9, np.float32)
    raw = np.zeros((1, SMALL.cells, 4), np.float32)
    logits[0, [where, where - 1], 0] = 2, 1  # the neighbour's box is the same
    raw[0, where] = 0.5, -0.25, np.log(0.5), 0
    raw[0, where - 1] = 0.5, 0.75, np.log(0.5), 0
    found = READERS[Task.DETECTOR].found({"boxes": raw, "logits": logits}, ("square",), SIDE)
    assert [(one.row, one.label, one.text) for one in found] == [(where, 0, "square 0.88")]
    expected = decoded(raw, cells.centre, cells.stride, cells.base).numpy()[0, where]
    assert found[0].box == pytest.approx(np.clip(expected, 0, 1), abs=1e-6)


def test_networks_that_look_at_no_pictures_are_refused() -> None:
    with pytest.raises(TrainError, match="is a series; what can be explained: detector, classifier"):
        reader(trained(Task.SERIES, "a"))
    flat, _, _ = level_and_reach(colour_classifier(), "seen")
    with pytest.raises(TrainError, match="no output 'logits', but probabilities, embedding"):
        numbered(flat, READERS[Task.DETECTOR])
