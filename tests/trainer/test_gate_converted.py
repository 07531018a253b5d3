"""Layers of files that TensorFlow's converter really wrote, float and int8."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402 - it comes with TensorFlow, where that is installed

from edge.contracts.bundle import read_bundle  # noqa: E402
from edge.contracts.input_rules import Overrides  # noqa: E402
from edge.contracts.types import U8, Head, ModelBundle  # noqa: E402
from trainer.gate.layers import guilty, layer_losses, paired  # noqa: E402
from trainer.gate.tensors import Kept  # noqa: E402

SIDE, LOUDER = 32, 200.0
RAW = Overrides(head=Head.EMBEDDING, mean=(127.5,) * 3, std=(127.5,) * 3)


def network(loud: str = "") -> Any:
    """Four convolutions; of the one that is named, a channel is much louder, and the next one turns it down again."""
    keras.utils.set_random_seed(3)
    x = picture = keras.Input((SIDE, SIDE, 3))
    for name in ("first", "second", "third", "fourth"):
        x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name=name)(x)
    model = keras.Model(picture, keras.layers.GlobalAveragePooling2D(name="pooled")(x))
    if loud:
        first, second = model.get_layer(loud), model.layers[model.layers.index(model.get_layer(loud)) + 1]
        for layer, factor, channel in ((first, LOUDER, (..., 0)), (second, 1 / LOUDER, (slice(None), slice(None), 0))):
            kernel, bias = layer.get_weights()
            kernel[channel] *= factor
            layer.set_weights([kernel, bias])
    return model


def pictures() -> list[U8]:
    """Noise, from dark to bright: what is pooled differs too."""
    random = np.random.default_rng(7)
    return [random.integers(0, top, (SIDE, SIDE, 3), np.uint8) for top in (32, 96, 160, 255)]


def converted(model: Any, out: Path, whole: bool) -> ModelBundle:
    """A file of the network: float32, or int8."""
    served = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((1, SIDE, SIDE, 3))])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([served.get_concrete_function()])
    if whole:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        seen = [(one[None, ..., ::-1].astype(np.float32) - 127.5) / 127.5 for one in pictures()]
        converter.representative_dataset = lambda: ([one] for one in seen)
    with warnings.catch_warnings():  # of statistics that only fake-quantised networks bring
        warnings.simplefilter("ignore", UserWarning)
        out.write_bytes(converter.convert())
    return read_bundle(out, overrides=RAW)


@pytest.mark.parametrize("loud", ["second", "third"])
def test_names_the_layer_that_int8_cannot_hold(tmp_path: Path, loud: str) -> None:
    model = network(loud)
    reference = converted(model, tmp_path / "float.tflite", whole=False)
    candidate = converted(model, tmp_path / "int8.tflite", whole=True)
    worst = guilty(layer_losses(reference, candidate, pictures()))[0]
    assert f"/{loud}_" in worst.name
    assert worst.rounding > 0.5  # seven of its eight channels fall between two steps


def test_blames_no_layer_that_int8_can_hold(tmp_path: Path) -> None:
    model = network()
    reference = converted(model, tmp_path / "float.tflite", whole=False)
    candidate = converted(model, tmp_path / "int8.tflite", whole=True)
    layers = layer_losses(reference, candidate, pictures())
    convolutions = [layer for layer in layers if layer.operator == "CONV_2D"]
    assert len(convolutions) == 4
    assert guilty(convolutions) == []
    assert all(0 < layer.loss < 0.02 for layer in convolutions)
    assert all(layer.decibels > 20 for layer in layers)
    before, after = Kept(reference).steps, Kept(candidate).steps
    assert len(paired(before, after)) >= len(before) - 1  # the converter keeps the names
