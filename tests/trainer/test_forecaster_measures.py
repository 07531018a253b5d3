"""Distances and honesty of forecasts, on answers that are known. No TensorFlow."""

import numpy as np
import pytest

from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_windows import Answer
from trainer.forecaster.measures import measure
from trainer.forecaster.samples import Samples

N, K = 4000, 2


def truth(departure: np.ndarray, unit: float = 2.0) -> Samples:
    n, k = departure.shape[:2]
    return Samples(np.zeros((n, 1, 1), np.float32), departure.astype(np.float32), np.full((n, k), unit, np.float32))


def answer(logit: list[float], mean: list[float], sigma: list[float], n: int = N) -> Answer:
    """Modes that lie on the x axis."""
    m = len(logit)
    place = np.zeros((n, m, K, 2))
    place[..., 0] = np.array(mean)[:, None]
    spread = np.broadcast_to(np.log(sigma)[:, None], (n, m, K))
    return Answer(np.tile(logit, (n, 1)), place, spread)


def test_nothing_is_known_of_nobody() -> None:
    found = measure(answer([0], [0], [1], 0), truth(np.zeros((0, K, 2))))
    assert np.isnan([found.ade, found.fde, found.coverage]).all()
    assert found.figures() == {"windows": 0.0}


def test_distances_are_in_the_unit_of_the_samples() -> None:
    happened = np.zeros((3, K, 2))
    happened[:, 1] = (3.0, 4.0)
    samples = truth(happened)
    samples.unit[2, 1] = 0  # not known
    found = measure(answer([0, 0], [0, 0], [1, 1], 3), samples)
    assert found.off[:, 0].tolist() == [0, 0, 0]
    assert found.off[:2, 1].tolist() == found.line[:2, 1].tolist() == [10, 10]
    assert np.isnan(found.off[2, 1])
    assert found.ade == pytest.approx(4)
    assert found.fde == 10
    assert found.gains[1] == 0
    assert found.at(np.array([True, False, False])).ade == 5


@pytest.mark.parametrize(("factor", "covered"), [(1.0, WITHIN), (0.5, 0.383), (2.0, 0.954)])
def test_honest_sigma_covers_what_it_should(factor: float, covered: float) -> None:
    happened = np.random.default_rng(1).normal(0, 0.3, (N, K, 2))
    assert measure(answer([0], [0], [0.3 * factor]), truth(happened)).coverage == pytest.approx(covered, abs=0.01)


def test_an_honest_mixture_covers_what_it_should_though_its_deviation_would_not() -> None:
    random = np.random.default_rng(2)
    far = random.random((N, 1, 1)) < 0.1
    happened = np.where(far, random.normal(0, 3.0, (N, K, 2)), random.normal(0, 0.1, (N, K, 2)))
    given = answer([np.log(9), 0], [0, 0], [0.1, 3.0])
    assert measure(given, truth(happened)).coverage == pytest.approx(WITHIN, abs=0.02)
