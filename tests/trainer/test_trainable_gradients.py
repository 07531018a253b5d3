"""Gradients of built-in operators, run by LiteRT, beside TensorFlow's own; sums in pairs; optimisers beside Keras'."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edge.contracts.trainable import Optimizer
from edge.contracts.types import F32
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from trainer.forecaster.loss import losses  # noqa: E402
from trainer.forecaster.settings import ForecasterLoss  # noqa: E402
from trainer.series.training import forecast_losses  # noqa: E402
from trainer.trainable.gradients import GRADIENTS, built_in  # noqa: E402
from trainer.trainable.optimizers import METHODS, clipped  # noqa: E402
from trainer.trainable.sums import BESIDE, MANY, PRODUCT, joined  # noqa: E402

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(0, 3, (4, 6, 8)).astype(np.float32)
ROW = RANDOM.normal(0, 1, (4, 8)).astype(np.float32)
GRU = keras.layers.GRU(4, unroll=True)
LSTM = keras.layers.LSTM(4, unroll=True, return_sequences=True)
NORM = keras.layers.LayerNormalization()


def paths(x: Any, part: str) -> Any:
    """A term of the loss of trajectories: 2 modes, 2 horizons."""
    flat = tf.reshape(x, [4, 48])
    outputs = {"logit": flat[:, :2], "mean": tf.reshape(flat[:, 2:10], [4, 2, 2, 2]), "log_sigma": flat[:, 10:14]}
    outputs["log_sigma"] = tf.reshape(outputs["log_sigma"], [4, 2, 2])
    target = tf.reshape(flat[:, 14:18], [4, 2, 2])
    return losses(outputs, target, tf.constant([[1.0, 2.0], [1.0, 0.0], [0.5, 1.0], [0.0, 0.0]]), ForecasterLoss())[
        part
    ]


def readings(x: Any) -> Any:
    said = {"mean": x[:, :2], "log_sigma": x[:, 2:4]}
    return forecast_losses(said, x[:, 4:6], tf.ones([4, 2, 8]))["total"]


TABLE: dict[str, Callable[[Any], Any]] = {
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.3),
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "last": lambda x: x[:, -1, 2:5],
    "middle": lambda x: x[1:3, :, ::1],
    "inserted": lambda x: x[:, None, 2] * x[..., 3:4, :],
    "open_ended": lambda x: x[..., :-2],
    "whole": lambda x: x[:],
    "before_the_first": lambda x: x[:, -9:4, -20:],
    "beyond_the_last": lambda x: x[2:9, :, 1:100],
    "nothing_and_some": lambda x: tf.concat([x[:, 7:], x[:, 4:2], x[:, :-9], x[:, 9:20], x[:, -9:-8], x[:, 3:]], 1),
    "one_taken": lambda x: tf.gather(x, 2, axis=1),
    "some_taken": lambda x: keras.ops.take(x, range(1, 6), axis=1),
    "last_taken": lambda x: keras.ops.take(x, [-1], axis=-1),
    "taken_twice": lambda x: tf.gather(x, [[4, 0], [4, 4]], axis=1),
    "product": lambda x: x[0] @ tf.reshape(x[1], [8, 6]),
    "product_first_turned": lambda x: tf.matmul(x[0], x[1], transpose_a=True),
    "product_second_turned": lambda x: tf.matmul(x[0], x[1], transpose_b=True),
    "product_both_turned": lambda x: tf.matmul(x[0], tf.reshape(x[1], [8, 6]), transpose_a=True, transpose_b=True),
    "product_of_rows": lambda x: tf.tensordot(x, x[0], [[2], [1]]),
    "clip": lambda x: tf.clip_by_value(x, -2.0, 2.5),
    "length": lambda x: tf.sqrt(tf.reduce_sum(x * x, axis=-1) + 1e-8),
    "strongest": lambda x: tf.reduce_max(x, axis=1),
    "winner": lambda x: tf.reduce_min(x, axis=2),
    "log_sum_exp": lambda x: tf.reduce_logsumexp(x, axis=1),
    "softmax": lambda x: tf.nn.softmax(x) * ROW[:, None],
    "cross_entropy": lambda x: -tf.reduce_sum(tf.nn.softmax(ROW)[:, None] * tf.nn.log_softmax(x), axis=2),
    "spread": lambda x: x * ROW[:, None] + tf.reduce_mean(x, axis=0),
    "silu": tf.nn.silu,
    "layer_normalisation": NORM,
    "gru": GRU,
    "lstm": LSTM,
    "distance": lambda x: paths(x, "distance"),
    "nearest_path": lambda x: paths(x, "winner"),
    "mixture_likelihood": lambda x: paths(x, "likelihood"),
    "forecasts": readings,
}


def small(call: Callable[[Any], Any], x: Any) -> Any:
    """A number that depends on all of a function's values, each in another way."""
    said = call(x)
    weight = np.cos(np.arange(int(np.prod(said.shape, initial=1)))).astype(np.float32)
    return tf.reduce_sum(tf.reshape(said, [-1]) * weight)


@pytest.fixture(scope="module")
def on_device(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """All gradients of the table in one file of built-in operators."""

    def signature(call: Callable[[Any], Any]) -> Any:
        def gradient(x: Any) -> dict[str, Any]:
            with built_in():
                loss = small(call, x)
            return {"gradient": tf.gradients(loss, x)[0]}

        return tf.function(gradient).get_concrete_function(tf.TensorSpec(X.shape, tf.float32, name="x"))

    module, folder = tf.Module(), tmp_path_factory.mktemp("table")
    for layer in (GRU, LSTM, NORM):
        layer(X)
    module.kept = [one.value for layer in (GRU, LSTM, NORM) for one in layer.variables]
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    signatures = {name: signature(call) for name, call in TABLE.items()}
    tf.saved_model.save(module, str(folder), signatures=signatures, options=options)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(TABLE))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return Interpreter(model_content=converter.convert(), num_threads=1)


@pytest.mark.parametrize("name", TABLE)
def test_gradients_are_those_of_tensorflow(on_device: Interpreter, name: str) -> None:
    given = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = small(TABLE[name], given)
    wanted = tape.gradient(loss, given).numpy()
    found = on_device.get_signature_runner(name)(x=X)["gradient"]
    assert np.abs(wanted).max() > 0
    assert np.abs(found - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_the_table_covers_all_that_is_replaced() -> None:
    graph = tf.function(lambda x: [small(call, x) for call in TABLE.values()]).get_concrete_function(
        tf.TensorSpec(X.shape, tf.float32)
    )
    assert set(GRADIENTS) <= {one.type for one in graph.graph.get_operations()}


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        (lambda x: x[:, ::2], "takes no run of neighbours"),
        (lambda x: x[:, : tf.cast(x[0, 0, 0], tf.int32)], "takes no run of neighbours"),
        (lambda x: tf.gather(x, tf.zeros([4, 2], tf.int32), axis=1, batch_dims=1), "takes other places of each row"),
    ],
)
def test_what_cannot_be_put_back_is_refused(cut: Callable[[Any], Any], told: str) -> None:
    def gradient(x: Any) -> Any:
        with built_in():
            loss = tf.reduce_sum(cut(x))
        return tf.gradients(loss, x)[0]

    with pytest.raises(NotImplementedError, match=told):
        tf.function(gradient, autograph=False).get_concrete_function(tf.TensorSpec(X.shape, tf.float32))


def kinds(call: Callable[[Any], list[Any]]) -> tuple[Counter[str], list[F32]]:
    """Operators of what a function of `ROW` is written as, by number, and what it makes."""
    traced = tf.function(lambda x: joined(call, [x])).get_concrete_function(tf.TensorSpec(ROW.shape, tf.float32))
    return Counter(one.type for one in traced.graph.get_operations()), [one.numpy() for one in traced(tf.constant(ROW))]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 13])
def test_sums_in_pairs_are_the_same_sums(count: int) -> None:
    written, (total, other) = kinds(lambda x: [tf.add_n([x * (place + 1) for place in range(count)]), x + 1])
    assert MANY not in written
    assert total == pytest.approx(ROW * count * (count + 1) / 2, rel=1e-6)
    assert other == pytest.approx(ROW + 1)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("products", "others"), [(0, 2), (1, 2), (2, 0), (5, 0), (5, 3)])
def test_sums_of_products_are_one_product(products: int, others: int, turned: bool) -> None:
    def call(x: Any) -> list[Any]:
        first = x if turned else tf.transpose(x)
        of = [tf.matmul(first * float(place + 1), x, transpose_a=turned) for place in range(products)]
        return [tf.add_n([*of, *(tf.ones([8, 8]) * float(place + 1) for place in range(others))])]

    written, (total,) = kinds(call)
    assert MANY not in written
    assert written[PRODUCT] == products + (products > 1)  # the converter leaves out those that nobody reads any more
    wanted = ROW.T @ ROW * products * (products + 1) / 2 + others * (others + 1) / 2
    assert total == pytest.approx(wanted, rel=1e-5, abs=1e-5)


def test_both_kinds_of_products_are_two_products() -> None:
    def call(x: Any) -> list[Any]:
        return [tf.add_n([tf.transpose(x) @ x, tf.matmul(x, x, transpose_a=True)] * 3)]

    written, (total,) = kinds(call)
    assert MANY not in written
    assert total == pytest.approx(ROW.T @ ROW * 6, rel=1e-5, abs=1e-5)


def test_products_whose_second_is_turned_are_left_as_they_are() -> None:
    written, (total,) = kinds(
        lambda x: [tf.add_n([tf.matmul(x, x * 2.0, transpose_b=True), tf.matmul(x, x, False, True)])]
    )
    assert (written[PRODUCT], written[BESIDE]) == (2, 0)
    assert total == pytest.approx(ROW @ ROW.T * 3, rel=1e-5)


KERAS: dict[Optimizer, Callable[[float], Any]] = {
    Optimizer.ADAM: lambda clip: keras.optimizers.Adam(0.01, global_clipnorm=clip or None),
    Optimizer.SGD: lambda clip: keras.optimizers.SGD(0.01, momentum=0.9, global_clipnorm=clip or None),
}


@pytest.mark.parametrize("clip", [0.0, 1.0])
@pytest.mark.parametrize("kind", Optimizer)
def test_optimisers_step_as_those_of_keras(kind: Optimizer, clip: float) -> None:
    random = np.random.default_rng(1)
    first: F32 = random.normal(size=20).astype(np.float32)
    variable, optimizer, method = keras.Variable(first), KERAS[kind](clip), METHODS[kind]
    weights, state = tf.constant(first), tf.zeros(method.size(20))
    for step in range(30):
        gradient = tf.constant(random.normal(0, 0.02 * step, 20).astype(np.float32))  # short ones first
        optimizer.apply([gradient], [variable])
        weights, state = method.step(weights, state, clipped(gradient, clip), tf.constant([0.01]))
    assert np.abs(weights.numpy() - variable.numpy()).max() < 1e-6
    assert np.abs(weights.numpy() - first).max() > 0.01


def test_a_gradient_of_nothing_stays_nothing() -> None:
    assert clipped(tf.zeros(3), 1.0).numpy().tolist() == [0.0, 0.0, 0.0]
