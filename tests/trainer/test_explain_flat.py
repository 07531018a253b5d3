"""A network laid open gives what it gave, its levels are found, and its units lie where they really look."""

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from keras import layers  # noqa: E402

from tests.trainer.explained import SIDE, colour_classifier, left_looker  # noqa: E402
from trainer.detector.architecture import Architecture  # noqa: E402
from trainer.detector.network import detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.explain.flat import flattened  # noqa: E402
from trainer.explain.geometry import places  # noqa: E402
from trainer.explain.levels import level_named, levels  # noqa: E402
from trainer.explain.reach import reaches  # noqa: E402

SMALL = Architecture(2, 64, channels=16)
NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)


def test_a_network_laid_open_gives_what_it_gave_and_shares_its_weights() -> None:
    network = detector(SMALL)
    flat = flattened(network)
    opened = flat.to(flat.outputs)
    names = {step.layer.name for step in flat.steps}
    assert {"Conv1", "block_13_expand_relu", "class_8_out"} <= names  # those of the backbone too
    for _ in range(2):
        expected, found = network(NOISE, training=False), opened(NOISE, training=False)
        assert {key: np.array_equal(expected[key], found[key]) for key in expected} == {"boxes": True, "logits": True}
        network.get_layer("class_8_out").bias.assign([3.0, -3.0])


def test_a_network_within_a_sequence_is_laid_open_too() -> None:
    inner = keras.Sequential([keras.Input((SIDE, SIDE, 3)), layers.Conv2D(3, 3, name="within"), layers.ReLU()])
    picture = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(picture, layers.GlobalAveragePooling2D()(inner(picture)))
    flat = flattened(network)
    assert flat.steps[0].layer.name == "within"
    assert np.array_equal(network(NOISE), flat.to(flat.outputs["output"])(NOISE))


def test_levels_go_from_shallow_to_deep_and_leave_the_head_out() -> None:
    flat = flattened(detector(SMALL))
    found = levels(flat)
    assert [(level.name, level.side) for level in found] == [
        ("Conv1_relu", 32),
        ("block_1_expand_relu", 32),
        ("block_3_expand_relu", 16),
        ("block_6_expand_relu", 8),
        ("block_13_expand_relu", 4),
        ("side_32_relu", 2),
    ]
    assert [level.side for level in levels(flat, 3)] == [32, 16, 2]
    assert not any(step.layer.name.startswith(("class_", "box_")) for step in flat.trunk())


def test_before_the_activation_responses_have_no_ceiling() -> None:
    network = detector(SMALL)
    flat = flattened(network)
    level = levels(flat)[0]
    before, after = (np.asarray(one) for one in flat.to([level.before, level.after])(NOISE * 500, training=False))
    assert before.max() > 6
    assert after.max() == 6
    assert np.allclose(np.clip(before, 0, 6), after)


def test_what_cannot_be_explained_is_told() -> None:
    flat = flattened(colour_classifier())
    with pytest.raises(TrainError, match="no feature map 'nowhere'; it has average_pooling2d"):
        level_named(flat, "nowhere")
    series = keras.Input((8, 4))
    with pytest.raises(TrainError, match="no feature maps"):
        levels(flattened(keras.Model(series, layers.Dense(2)(series))))


def strided(padding: str) -> keras.Model:
    """Strides, dilation and padding of every kind, all weights alike, so that the gradient is even."""
    picture = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(1, 3, strides=2, padding=padding, kernel_initializer="ones")(picture)
    x = layers.ZeroPadding2D(((0, 1), (1, 2)))(x)
    x = layers.DepthwiseConv2D(3, strides=2, depthwise_initializer="ones")(x)
    x = layers.Conv2D(1, 3, dilation_rate=2, padding="same", kernel_initializer="ones")(x)
    return keras.Model(picture, layers.AveragePooling2D(2, name="last")(x))


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_units_lie_where_their_gradient_lies(padding: str) -> None:
    network = strided(padding)
    flat = flattened(network)
    level = level_named(flat, "last")
    x, y = places(flat, level.after)
    batch = tf.constant(NOISE[:1])
    unit = level.side // 2
    with tf.GradientTape() as tape:
        tape.watch(batch)
        value = network(batch)[0, unit, unit, 0]
    mass = np.abs(tape.gradient(value, batch)[0]).sum(-1)
    middle = np.arange(SIDE) + 0.5
    assert x.first + x.step * unit == pytest.approx(mass.sum(0) @ middle / mass.sum())
    assert y.first + y.step * unit == pytest.approx(mass.sum(1) @ middle / mass.sum())
    assert (x.step, y.step) == (8, 8)


def test_deeper_units_see_more_and_as_much_as_their_layers_let_through() -> None:
    flat = flattened(left_looker())
    found = reaches(flat, levels(flat), np.abs(NOISE))
    assert found[0].side in {2, 3}  # one kernel of 3 x 3
    assert 3 <= found[1].side <= 7  # a second one, over every other place
    deep = flattened(detector(SMALL))
    sides = [reach.side for reach in reaches(deep, levels(deep), NOISE)]
    assert sides == sorted(sides)
    assert sides[0] < 8 < sides[-1]


def test_a_unit_that_sees_nothing_is_given_its_own_place() -> None:
    network = left_looker()
    for name in ("first", "second"):
        network.get_layer(name).set_weights([np.zeros_like(one) for one in network.get_layer(name).get_weights()])
    flat = flattened(network)
    assert [reach.side for reach in reaches(flat, levels(flat), NOISE)] == [2, 4]
