"""Folding changes nothing, and the file that is made of a fake-quantised network computes what the network did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contracts.manifest import Task
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from keras import layers  # noqa: E402

from tests.trainer.int8 import converted, told, types  # noqa: E402
from tests.trainer.small_networks import PX, classifier, pictures, pyramid, uneven  # noqa: E402
from trainer.detector.architecture import Architecture, Backbone  # noqa: E402
from trainer.detector.network import detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.networks import load_network, save_network  # noqa: E402
from trainer.quantise.layers import FusedConvolution, Rounded  # noqa: E402
from trainer.quantise.network import fake_quantised, folded  # noqa: E402
from trainer.trained import Trained  # noqa: E402

BOTH = pytest.mark.parametrize("make", [pyramid, classifier])


def outputs(model: Any, given: np.ndarray) -> list[np.ndarray]:
    return sorted((np.asarray(one) for one in model(given, training=False).values()), key=lambda one: one.size)


@BOTH
def test_folded_it_computes_the_same(make: Callable[[], Any]) -> None:
    model = make()
    for before, after in zip(outputs(model, pictures()), outputs(folded(model), pictures()), strict=True):
        assert np.abs(before - after).max() < 1e-4


@pytest.mark.parametrize("backbone", ["mobilenet_v1", "mobilenet_v2"])
def test_a_folded_detector_computes_the_same(backbone: Backbone) -> None:
    model = uneven(detector(Architecture(2, 64, backbone, channels=16)))
    given = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    made = folded(model)
    for before, after in zip(outputs(model, given), outputs(made, given), strict=True):
        assert np.abs(before - after).max() < 1e-4
    kinds = {type(layer) for layer in made.layers}
    assert kinds == {keras.layers.InputLayer, FusedConvolution, *(type(made.get_layer(n)) for n in KEPT)}


KEPT = ("sum_8", "up_8", "boxes", "box_8_rows")  # additions, resizing, concatenation, reshaping: and no padding


@BOTH
def test_the_file_is_whole_in_int8_and_says_what_the_network_says(make: Callable[[], Any]) -> None:
    model = fake_quantised(make(), [pictures()], 0)
    data = converted(model)
    assert types(data) == {"int8", "int32"}
    for seed in range(3):
        given = pictures(seed, 1)
        for file, network in zip(told(data, given), outputs(model, given), strict=True):
            assert np.abs(file.value - network).max() <= 2.01 * file.step


def test_weights_next_to_nothing_take_no_bias_with_them() -> None:
    """A bias is an int32 multiple of two steps: those of a channel that does nothing are too small for it."""
    picture = keras.Input((8, 8, 3))
    dead = layers.Conv2D(4, 1, activation="relu6", name="dead")(picture)
    model = keras.Model(picture, {"told": layers.Conv2D(4, 1, name="told")(dead)})
    for name, bias in (("dead", [-1.0, -2.0, -3.0, -4.0]), ("told", [1.0, 2.0, 3.0, 4.0])):
        layer = model.get_layer(name)
        layer.set_weights([np.full(layer.kernel.shape, 1e-8), np.array(bias)])
    given = np.zeros((1, 8, 8, 3), np.float32)
    (file,) = told(converted(fake_quantised(model, [given], 0)), given)
    assert np.abs(file.value - [1.0, 2.0, 3.0, 4.0]).max() < file.step


def test_ranges_follow_training_for_so_many_steps_and_then_stay() -> None:
    model = fake_quantised(pyramid(), [pictures()], 3)
    rounded = model.get_layer("stem_rounded")
    seen = []
    for _ in range(5):
        model(pictures() * 0.5, training=True)
        seen.append(float(rounded.high))
    assert seen[0] > seen[1] > seen[2]
    assert seen[2] == seen[3] == seen[4]
    assert {"low", "high", "seen"} <= {variable.name for variable in model.variables}
    assert not any(variable.name in {"low", "high", "seen"} for variable in model.trainable_variables)


def test_a_range_stands_still_where_nothing_is_learnt() -> None:
    model = fake_quantised(pyramid(), [pictures()], 3)
    before = [variable.numpy() for variable in model.variables]
    model(pictures() * 5, training=False)
    assert all(np.array_equal(one, two.numpy()) for one, two in zip(before, model.variables, strict=True))


def test_values_that_are_joined_are_rounded_together_and_the_picture_by_all_its_pixels() -> None:
    model = fake_quantised(pyramid(), [pictures() * np.float32(0.1)], 0)
    names = {layer.name for layer in model.layers if isinstance(layer, Rounded)}
    assert {"boxes_rounded", "logits_rounded", "sum_rounded", "shortcut_rounded"} <= names
    assert not {"near_box_rounded", "near_box_rows_rounded", "up_rounded"} & names
    assert model.get_layer("picture_rounded").limits == (-1.0, 1.0)


def test_it_is_the_same_after_it_was_on_disk(tmp_path: Path) -> None:
    model = fake_quantised(pyramid(), [pictures()], 7)
    trained = Trained(tmp_path, Task.DETECTOR, "small", ("a", "b"), PX, fake_quantised=True)
    save_network(model, trained)
    again = load_network(trained)
    for before, after in zip(outputs(model, pictures()), outputs(again, pictures()), strict=True):
        assert np.array_equal(before, after)
    assert again.get_layer("boxes_rounded").get_config() == model.get_layer("boxes_rounded").get_config()


def test_half_precision_leaves_it_alone() -> None:
    """Rounding to int8 in bfloat16 would be a rounding of roundings."""
    model = pyramid()
    expected = outputs(fake_quantised(model, [pictures()], 0), pictures())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = outputs(fake_quantised(model, [pictures()], 0), pictures())
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.array_equal(one, two) for one, two in zip(made, expected, strict=True))


def test_no_pictures_no_ranges() -> None:
    with pytest.raises(TrainError, match="no pictures"):
        fake_quantised(pyramid(), [], 0)


def of_layer(*made: Any) -> Any:
    x = picture = keras.Input((PX, PX, 3))
    for layer in made:
        x = layer(x)
    return keras.Model(picture, x)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([layers.BatchNormalization(name="alone")], "alone normalises what no convolution made"),
        ([layers.LayerNormalization(name="odd")], r"odd \(LayerNormalization\)"),
        ([layers.Conv2D(4, 1), layers.Activation("silu", name="swish")], r"swish \(Activation\)"),
        ([layers.Conv2D(4, 1, activation="silu", name="own")], "own has an activation of its own"),
        ([layers.Conv2D(6, 1, groups=3, name="parted")], "parted cannot be quantised"),
    ],
)
def test_what_has_no_int8_form_is_refused_by_name(made: list[Any], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        fake_quantised(of_layer(*made), [pictures()], 0)


def test_a_layer_in_two_places_is_refused() -> None:
    twice = layers.Conv2D(3, 1, name="shared")
    with pytest.raises(TrainError, match="shared in two places"):
        folded(of_layer(twice, twice))
