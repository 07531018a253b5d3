"""What was learnt as one vector: its sizes, its two parts, and how a model takes it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.flow_kernel import MOTION
from edge.contracts.flow_map import FlowMap, numbers_of
from edge.contracts.types import F32
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.learnt import errors_with, flow, lent, network, paths, set_learnt, sizes, together
from edge.learning.sample import PLACE, shapes_of, stacked
from tests.rigs.learning_model import learning_series
from tests.rigs.strollers import samples
from tests.rigs.trainee import WINDOW, LinearTrainee, learning_bundle

BUNDLE = learning_bundle()
K = 3
WEIGHTS = LinearTrainee().weights().weights
N = len(WEIGHTS)
NOTHING = FlowMap(np.zeros((0, MOTION + 2 * WINDOW.samples)), np.zeros((0, K, 2)))


def bent(by: float = 1.0) -> FlowMap:
    """One anchor: who walks east through the origin at a metre per second."""
    steps = np.tile((1.0, 0.0), WINDOW.samples)
    return FlowMap(np.array([[0.0, 0.0, 0.0, 0.0, 1.0, *steps]]), np.full((1, K, 2), by))


def test_sizes_of_what_a_forecaster_of_paths_learns() -> None:
    assert (paths(BUNDLE), sizes(BUNDLE)) == (WINDOW, (N, N + numbers_of(WINDOW)))


def test_a_model_of_series_has_no_flow_map(tmp_path: Path) -> None:
    window = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (2.0,), (1, 4))
    bundle = read_bundle(learning_series(tmp_path / "series.tflite", window))
    assert bundle.trainable is not None
    count = bundle.trainable.weights
    assert (paths(bundle), sizes(bundle)) == (None, (count,))
    assert flow(bundle, np.zeros(count, np.float32)) is None
    with pytest.raises(ModelError, match=f"learns {count} numbers"):
        network(bundle, np.zeros(count + numbers_of(WINDOW), np.float32))


def test_a_model_that_does_not_learn_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="--trainable"):
        sizes(replace(BUNDLE, trainable=None))


def test_without_a_map_or_with_an_empty_one_there_are_the_weights_alone() -> None:
    for none in (None, NOTHING):
        learnt = together(WEIGHTS, none)
        assert learnt.shape == (N,)
        assert network(BUNDLE, learnt).tobytes() == WEIGHTS.tobytes()
        assert flow(BUNDLE, learnt) is None


def test_both_parts_come_back() -> None:
    weights = np.arange(N, dtype=np.float32)
    learnt = together(weights, bent())
    assert (learnt.shape, learnt.dtype.name) == ((sizes(BUNDLE)[1],), "float32")
    assert network(BUNDLE, learnt).tobytes() == weights.tobytes()
    found = flow(BUNDLE, learnt)
    assert found is not None
    assert found.numbers().tobytes() == bent().numbers().tobytes()


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(0, np.float32),
        np.zeros(N - 1, np.float32),
        np.zeros(N + 1, np.float32),
        np.zeros(numbers_of(WINDOW), np.float32),
        np.zeros(N + numbers_of(WINDOW) - 1, np.float32),
        np.zeros(N + numbers_of(WINDOW) + 1, np.float32),
        np.zeros(N + numbers_of(replace(WINDOW, samples=WINDOW.samples + 1)), np.float32),
        np.zeros((1, N), np.float32),
    ],
)
def test_what_has_another_length_is_refused_and_changes_nothing(wrong: F32) -> None:
    trainee = LinearTrainee()
    set_learnt(trainee, np.ones(N, np.float32))
    for use in (lambda: network(BUNDLE, wrong), lambda: flow(BUNDLE, wrong), lambda: set_learnt(trainee, wrong)):
        with pytest.raises(ModelError, match=f"learns {N} numbers"):
            use()
    assert (trainee.weights().weights == 1).all()


def test_the_model_takes_the_weights_and_a_new_optimizer() -> None:
    trainee = LinearTrainee()
    set_learnt(trainee, together(np.full(N, 0.5, np.float32), bent()))
    assert (trainee.weights().weights == 0.5).all()
    assert not trainee.weights().optimizer.any()


def test_a_lent_model_comes_back_as_it_was_even_where_that_failed() -> None:
    trainee = LinearTrainee()
    set_learnt(trainee, np.full(N, 0.5, np.float32))
    with lent(trainee):
        set_learnt(trainee, np.zeros(N, np.float32))
    assert (trainee.weights().weights == 0.5).all()

    def fails() -> None:
        with lent(trainee):
            set_learnt(trainee, np.zeros(N, np.float32))
            raise ModelError("it fails")

    with pytest.raises(ModelError):
        fails()
    assert (trainee.weights().weights == 0.5).all()


def test_errors_are_those_of_the_weights_and_the_map_together() -> None:
    """One walks as he was foreseen, but a map shifts him by two metres along and across, for he goes just there."""
    trainee, one = LinearTrainee(), samples(turn=0.0)[0]
    place = np.array([0, 0, 1, 0, 1, one.weight, *one.arrays[PLACE][6:8], *[1, 0] * WINDOW.samples], np.float32)
    still = {**one.arrays, "future": np.zeros((K, 2), np.float32), "known": np.ones(K, np.float32), PLACE: place}
    batch = stacked([replace(one, arrays=still)], shapes_of(BUNDLE))
    assert errors_with(trainee, WEIGHTS, batch) == 0
    np.testing.assert_allclose(errors_with(trainee, together(WEIGHTS, bent()), batch), 2 * np.sqrt(2), rtol=1e-5)


def test_a_map_that_is_damaged_is_refused() -> None:
    learnt = together(WEIGHTS, bent())
    learnt[-1] = np.nan
    with pytest.raises(ModelError, match="flow map"):
        errors_with(LinearTrainee(), learnt, stacked(samples()[:3], shapes_of(BUNDLE)))
