"""Who is better, and how surely."""

import numpy as np
import pytest

from edge.learning.comparing import gain


def names(count: int, each: int) -> list[str]:
    return [f"track{number // each}" for number in range(count)]


def test_nothing() -> None:
    found = gain(np.zeros(0), np.zeros(0), [])
    assert (found.mean, found.low, found.samples) == (0.0, -np.inf, 0)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_mean_is_the_share_of_the_sums(factor: float) -> None:
    others = np.random.default_rng(1).uniform(0.5, 2, 200)
    found = gain(factor * others, others, names(200, 10))
    assert found.mean == pytest.approx(1 - factor)
    assert found.low == pytest.approx(1 - factor)


def test_few_tracks_prove_nothing_however_many_samples_they_have() -> None:
    others = np.ones(300)
    assert gain(0.5 * others, others, names(300, 100)).low == -np.inf
    assert gain(0.5 * others, others, names(300, 60)).low == pytest.approx(0.5)


def test_a_gain_of_one_track_alone_is_not_sure() -> None:
    others = np.ones(100)
    mine = np.ones(100)
    mine[:10] = 0.2
    found = gain(mine, others, names(100, 10))
    assert found.mean == pytest.approx(0.08)
    assert found.low <= 0
    everywhere = np.full(100, 0.92)
    assert gain(everywhere, others, names(100, 10)).low > 0.05


def test_errors_of_zero_are_safe() -> None:
    assert gain(np.zeros(8), np.zeros(8), names(8, 1)).mean == 0
    assert gain(np.ones(8), np.zeros(8), names(8, 1)).mean == -1


def test_chance_is_as_often_right_as_it_says() -> None:
    """Two that are alike: the lower end is above nothing in about one of ten draws, never in most of them."""
    random = np.random.default_rng(2)
    above = 0
    for _ in range(100):
        others, mine = random.uniform(0.5, 1.5, (2, 120))
        above += gain(mine, others, names(120, 4)).low > 0
    assert above <= 22
