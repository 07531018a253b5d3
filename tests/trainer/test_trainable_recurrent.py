"""GRUs as they learn, beside those of Keras: what they say, and what flows back, computed by LiteRT."""

from typing import Any

import numpy as np
import pytest

from edge.contracts.types import F32
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from trainer.cells import GRU  # noqa: E402
from trainer.trainable.gradients import built_in  # noqa: E402
from trainer.trainable.recurrent import LearningGRU, learning  # noqa: E402

ROWS, FEATURES, UNITS = 5, 3, 4
CASES = {
    f"{'whole' if whole else 'last'}_of_{samples}{'_begun' if begun else ''}": (samples, whole, begun)
    for samples in (1, 2, 6)
    for whole in (False, True)
    for begun in (False, True)
}


def numbers(*shape: int) -> F32:
    return np.random.default_rng(sum(shape)).normal(0, 0.7, shape).astype(np.float32)


def given(samples: int, begun: bool) -> dict[str, F32]:
    """Samples, the weights (no bias is zero), and the state before."""
    made = {
        "samples": numbers(ROWS, samples, FEATURES),
        "kernel": numbers(FEATURES, 3 * UNITS),
        "recurrent": numbers(UNITS, 3 * UNITS),
        "bias": numbers(2, 3 * UNITS),
    }
    return {**made, "state": numbers(ROWS, UNITS)} if begun else made


def said(layer: Any, values: dict[str, Any]) -> tuple[Any, Any]:
    """What a layer says, and a number that depends on all of it, each in another way."""
    state = {"initial_state": values["state"]} if "state" in values else {}
    weights = [values[name] for name in ("kernel", "recurrent", "bias")]
    kept = [one.value for one in layer.non_trainable_variables]
    answer, _ = layer.stateless_call(weights, kept, values["samples"], **state)
    spread = np.cos(np.arange(int(np.prod(answer.shape)))).astype(np.float32)
    return answer, tf.reduce_sum(tf.reshape(answer, [-1]) * spread)


def layer_of(kind: type, case: str, **more: Any) -> Any:
    samples, whole, _ = CASES[case]
    layer = kind(UNITS, return_sequences=whole, **more)
    layer.build((ROWS, samples, FEATURES))
    return layer


@pytest.fixture(scope="module")
def on_device(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """Answers and gradients of all cases in one file of built-in operators."""

    def signature(case: str) -> Any:
        samples, _, begun = CASES[case]
        layer = layer_of(LearningGRU, case)

        def call(**values: Any) -> dict[str, Any]:
            with built_in():
                answer, loss = said(layer, values)
            flowing = tf.gradients(loss, list(values.values()))
            return {"answer": answer, **{f"to_{name}": one for name, one in zip(values, flowing, strict=True)}}

        specs = {name: tf.TensorSpec(one.shape, name=name) for name, one in given(samples, begun).items()}
        return tf.function(call, autograph=False).get_concrete_function(**specs)

    folder = tmp_path_factory.mktemp("cases")
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(tf.Module(), str(folder), {case: signature(case) for case in CASES}, options)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(CASES))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return Interpreter(model_content=converter.convert(), num_threads=1)


@pytest.mark.parametrize("case", CASES)
def test_they_say_and_pass_back_what_those_of_keras_do(on_device: Interpreter, case: str) -> None:
    samples, _, begun = CASES[case]
    values = given(samples, begun)
    tensors = {name: tf.constant(one) for name, one in values.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        answer, loss = said(layer_of(keras.layers.GRU, case, unroll=True), tensors)
    wanted = tape.gradient(loss, tensors, unconnected_gradients="zero")
    found = on_device.get_signature_runner(case)(**values)
    assert np.abs(found["answer"] - answer.numpy()).max() <= 1e-6
    for name, one in wanted.items():
        most = np.abs(one.numpy()).max()
        assert np.abs(found[f"to_{name}"] - one.numpy()).max() <= 1e-5 * most, name
        assert most > 0 or (name == "recurrent" and samples == 1 and not begun), name


def test_a_network_learns_with_them_in_the_places_of_its_own() -> None:
    window = keras.Input((4, FEATURES))
    states = GRU(UNITS, return_sequences=True, name="first")(window)
    inner = keras.Model(window, {"end": keras.layers.Dense(2)(GRU(UNITS)(states)), "states": states})
    learns = learning(inner)
    assert [type(one) for one in learns.layers].count(LearningGRU) == 2
    assert [one.shape for one in learns.trainable_variables] == [one.shape for one in inner.trainable_variables]
    weights = [numbers(*one.shape) for one in inner.trainable_variables]
    fed = numbers(ROWS, 4, FEATURES)
    answers = [model.stateless_call(weights, [], fed)[0] for model in (inner, learns)]
    for name in ("end", "states"):
        assert np.abs(answers[0][name] - answers[1][name]).max() <= 1e-6


def test_a_network_without_them_stays_what_it_is() -> None:
    window = keras.Input((FEATURES,))
    model = keras.Model(window, keras.layers.Dense(2)(window))
    assert [type(one) for one in learning(model).layers] == [type(one) for one in model.layers]
