"""How far off a model is, by its head."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.trainable import Optimizer, Trainable, Weights
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.measure import errors, worth
from edge.learning.sample import Batch, shapes_of, stacked
from tests.rigs.bundles import bundle, feed, tensor
from tests.rigs.strollers import samples
from tests.rigs.trainee import LinearTrainee

SERIES = SeriesWindow(("a",), 3, 1.0, Scaling.FIXED, (0.0,), (1.0,), (1, 2))


class Same:
    """A `Trainee` that answers with what it is told, and cannot learn."""

    name, delegate, accelerator = "same", "none", NO_ACCELERATOR
    trainable = Trainable(4, 1, Optimizer.SGD, 1, 0.1)

    def __init__(self, model: ModelBundle, answer: tuple[NDArray[Any], ...]) -> None:
        self.bundle, self.answer = model, answer

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self.answer

    def train(self, batch: object, rate: float) -> float:
        raise ModelError("it cannot")

    def weights(self) -> Weights:
        return Weights(np.zeros(1, np.float32), np.zeros(1, np.float32))

    def set_weights(self, weights: Weights) -> None:
        return


def model(
    head: Head, given: tuple[int, ...], answers: tuple[tuple[int, ...], ...], window: SeriesWindow
) -> ModelBundle:
    recipe = replace(feed(), tensor=tensor("x", given))
    return bundle(head, [tensor(f"o{number}", shape) for number, shape in enumerate(answers)], (), recipe, window)


def batch(arrays: dict[str, NDArray[Any]], weight: float = 1.0) -> Batch:
    n = len(arrays["known"])
    columns = {name: np.asarray(column, np.float32) for name, column in arrays.items()}
    return Batch(columns, np.full(n, weight), np.zeros(n), [""] * n, np.ones(n))


def test_paths_are_measured_in_lengths_at_each_horizon() -> None:
    trainee = LinearTrainee()  # straight lines at first
    shapes = shapes_of(trainee.bundle)
    arrays = {name: np.zeros((2, *shape), np.float32) for name, shape in shapes.items()}
    arrays["future"][0, :, 0], arrays["future"][1, 2, 1] = 3.0, 4.0
    arrays["known"][0], arrays["known"][1, 2] = 1, 1
    found = errors(trainee, Batch(arrays, np.array([1.0, 0.5]), np.zeros(2), ["", ""], np.ones(2)))
    # in steps of 0.5 s the horizons are 1, 2 and 4 ahead
    np.testing.assert_allclose(found, [3 * (1 + 2 + 4) / 3, 0.5 * 4 * 4 / 3], rtol=1e-6)
    np.testing.assert_allclose(worth(trainee.bundle), [1, 2, 4])


def test_more_samples_than_a_call_takes() -> None:
    trainee = LinearTrainee()
    found = stacked(samples(seconds=40.0), shapes_of(trainee.bundle))
    rows = np.arange(16 + 3)
    assert len(found) > len(rows)
    np.testing.assert_allclose(errors(trainee, found[rows]), errors(trainee, found)[:19], rtol=1e-6)
    assert len(errors(trainee, found[rows[:0]])) == 0


def test_series() -> None:
    trainee = Same(
        model(Head.SERIES, (1, 3, 1), ((1, 2, 1), (1, 2, 1), (1, 4)), SERIES),
        (np.array([[[1.0], [2.0]]], np.float32), np.zeros((1, 2, 1), np.float32), np.zeros((1, 4), np.float32)),
    )
    given = batch(
        {
            "window": np.zeros((2, 3, 1)),
            "future": np.array([[[2], [4]], [[9], [2.5]]]),
            "known": np.array([[[1], [1]], [[0], [1]]]),
        }
    )
    np.testing.assert_allclose(errors(trainee, given), [1.5, 0.25])
    np.testing.assert_array_equal(worth(trainee.bundle), [1])


def test_autoencoders() -> None:
    trainee = Same(
        model(Head.AUTOENCODER, (1, 3, 1), ((1, 3, 1), (1, 2)), SERIES),
        (np.zeros((1, 3, 1), np.float32), np.zeros((1, 2), np.float32)),
    )
    given = batch({"window": np.array([[[3], [4], [100]], [[0], [0], [0]]]), "known": np.array([[1, 1, 0], [1, 1, 1]])})
    np.testing.assert_allclose(errors(trainee, given), [np.sqrt(25 / 3), 0])


@pytest.mark.parametrize("answer", [np.nan, np.inf])
def test_answers_that_are_no_numbers_are_refused(answer: float) -> None:
    nothing = np.zeros((1, 2, 1), np.float32)
    trainee = Same(
        model(Head.SERIES, (1, 3, 1), ((1, 2, 1), (1, 2, 1), (1, 4)), SERIES),
        (nothing + np.float32(answer), nothing, np.zeros((1, 4), np.float32)),
    )
    given = batch({"window": np.zeros((1, 3, 1)), "future": np.zeros((1, 2, 1)), "known": np.ones((1, 2, 1))})
    with pytest.raises(ModelError, match="no finite numbers"):
        errors(trainee, given)


def test_models_of_which_nothing_is_known_are_refused() -> None:
    with pytest.raises(ModelError, match="nothing is known"):
        shapes_of(bundle(Head.SSD, []))
