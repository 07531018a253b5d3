"""Sigma covers what it claims to cover, of one mode and of several."""

import numpy as np
import pytest

from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_windows import Answer
from edge.contracts.windows import TrackWindow
from tests.trainer.tensor import tensorflow
from trainer.forecaster.measures import measure
from trainer.forecaster.samples import Samples

tf = tensorflow()

from trainer.forecaster.calibration import FEWEST, calibrate, stretch  # noqa: E402
from trainer.forecaster.network import answers, forecaster  # noqa: E402
from trainer.forecaster.settings import ForecasterNetwork  # noqa: E402

K, MODES = 3, 2
WINDOW = TrackWindow(32, 4, 0.4, (0.4, 0.8, 1.2), MODES, (), 0)
SMALL = ForecasterNetwork(units=8, hidden=8)


def happened(off: np.ndarray) -> Samples:
    """Windows that end so far (n, K, 2) from the straight line."""
    x = np.random.default_rng(1).normal(size=(len(off), 4, 11)).astype(np.float32)
    return Samples(x, off.astype(np.float32), np.ones((len(off), K), np.float32))


def straight(n: int, sigma: float) -> Answer:
    return Answer(np.zeros((n, 1)), np.zeros((n, 1, K, 2)), np.full((n, 1, K), np.log(sigma)))


def strays(n: int, sigma: float) -> np.ndarray:
    return np.random.default_rng(6).normal(0.0, sigma, (n, K, 2))


def test_nothing_to_calibrate_by_changes_nothing() -> None:
    model = forecaster(SMALL, WINDOW)
    before = model.get_weights()
    assert calibrate(model, happened(strays(0, 1.0))).tolist() == [1.0] * K
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("too_sure", [0.3, 1.0, 2.5])
def test_sigma_is_stretched_by_what_it_was_wrong_by(too_sure: float) -> None:
    given = straight(2000, 0.5 / too_sure)
    assert stretch(given, happened(strays(2000, 0.5))) == pytest.approx(np.full(K, too_sure), rel=0.06)


def test_a_horizon_of_which_too_little_is_known_stays_as_it_is() -> None:
    truth = happened(strays(400, 0.5))
    truth.unit[FEWEST - 1 :, 2] = 0.0
    found = stretch(straight(400, 1.0), truth)
    assert found[:2] == pytest.approx([0.5, 0.5], rel=0.1)
    assert found[2] == 1.0


def test_the_unknown_has_no_say() -> None:
    truth = happened(np.concatenate([strays(400, 0.5), strays(400, 50.0)]))
    truth.unit[400:] = 0.0
    assert stretch(straight(800, 1.0), truth) == pytest.approx(np.full(K, 0.5), rel=0.1)


def test_a_calibrated_network_of_several_modes_is_honest_at_each_horizon_and_points_where_it_did() -> None:
    model, truth = forecaster(SMALL, WINDOW), happened(strays(600, 1.0))
    before = measure(answers(model, truth.x), truth)
    assert abs(before.coverage - WITHIN) > 0.05
    calibrate(model, truth)
    after = answers(model, truth.x)
    assert measure(after, truth).within.mean(axis=0) == pytest.approx(np.full(K, WITHIN), abs=0.01)
    assert measure(after, truth).ade == pytest.approx(before.ade, rel=1e-6)
    assert stretch(after, truth) == pytest.approx(np.ones(K), abs=0.01)
