"""Our recurrent layers compute what Keras' do, and become files and gradients of built-in operators alone."""

from pathlib import Path

import numpy as np
import pytest

from edge.contracts.types import F32
from tests.trainer.tensor import tensorflow
from trainer.export.graph import read_operators

tf = tensorflow()

import keras  # noqa: E402

from trainer.cells import GRU, LSTM  # noqa: E402

ROWS, SAMPLES, FEATURES, UNITS = 3, 5, 4, 6


def numbers(*shape: int) -> F32:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def filled(layer: keras.Layer) -> keras.Layer:
    """With weights that are all of them something else than zero."""
    layer.set_weights([numbers(*weight.shape) / 2 for weight in layer.get_weights()])
    return layer


@pytest.mark.parametrize("samples", [1, SAMPLES])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("own", "theirs", "begun"),
    [(GRU, keras.layers.GRU, False), (GRU, keras.layers.GRU, True), (LSTM, keras.layers.LSTM, False)],
)
def test_they_compute_what_keras_computes(own: type, theirs: type, begun: bool, whole: bool, samples: int) -> None:
    fed, state = numbers(ROWS, samples, FEATURES), {"initial_state": numbers(ROWS, UNITS)} if begun else {}
    layers = [own(UNITS, return_sequences=whole), theirs(UNITS, return_sequences=whole, unroll=True)]
    for layer in layers:
        layer.build(fed.shape)
        filled(layer)
    made, wanted = (layer(fed, **state).numpy() for layer in layers)
    assert made.shape == wanted.shape
    assert np.abs(made - wanted).max() < 1e-6


@pytest.mark.parametrize(("own", "theirs"), [(GRU, keras.layers.GRU), (LSTM, keras.layers.LSTM)])
def test_they_begin_as_those_of_keras_do(own: type, theirs: type) -> None:
    weights = []
    for kind in (own, theirs):
        keras.utils.set_random_seed(3)
        layer = kind(UNITS)
        layer.build((ROWS, SAMPLES, FEATURES))
        weights.append(layer.get_weights())
    for mine, other in zip(*weights, strict=True):
        assert np.array_equal(mine, other)


def test_an_archive_of_them_is_read_again(tmp_path: Path) -> None:
    given = keras.Input((SAMPLES, FEATURES))
    whole = GRU(UNITS, return_sequences=True)(given, initial_state=keras.layers.Dense(UNITS)(given[:, -1]))
    model, fed = keras.Model(given, LSTM(UNITS)(whole)), numbers(ROWS, SAMPLES, FEATURES)
    model.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False, safe_mode=True)
    assert np.array_equal(again(fed), model(fed))


class Learner(tf.Module):  # type: ignore[misc, name-defined] # TensorFlow comes without types
    """Gradient descent, as it would run on a device; the layer is not the first, so that its gradient goes on."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        layer = keras.Sequential([keras.Input((SAMPLES, FEATURES)), keras.layers.Dense(FEATURES), kind(UNITS)])
        self.weights = [variable.value for variable in filled(layer).variables]

        def learn(samples: object, wanted: object) -> dict[str, object]:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(layer(samples) - wanted))
            for weight, gradient in zip(self.weights, tape.gradient(loss, self.weights), strict=True):
                weight.assign_sub(0.1 * gradient)
            return {"loss": loss}

        shapes = ((ROWS, SAMPLES, FEATURES), (ROWS, UNITS))
        self.learn = tf.function(learn, input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes])


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_they_learn_in_a_file_of_built_in_operators(tmp_path: Path, kind: type) -> None:
    learner, fed, wanted = Learner(kind), numbers(ROWS, SAMPLES, FEATURES), numbers(ROWS, UNITS)
    tf.saved_model.save(learner, str(tmp_path), signatures={"learn": learner.learn})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.experimental_enable_resource_variables = True
    data = converter.convert()
    assert "CUSTOM" not in {operator.name for operator in read_operators(data)}
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    run = Interpreter(model_content=data).get_signature_runner("learn")
    told = [float(run(samples=fed, wanted=wanted)["loss"]) for _ in range(5)]
    assert np.allclose(told, [float(learner.learn(fed, wanted)["loss"]) for _ in range(5)], atol=1e-5)
    assert told == sorted(told, reverse=True)
    assert told[-1] < told[0]
