"""The sigma that is told of a mixture, against fine bisection with the standard library's error function."""

import math

import numpy as np
import pytest

from edge.contracts.told_sigma import WITHIN, told_sigma
from edge.contracts.types import F64

Mode = tuple[float, float, float, float]  # weight, place along x and y, sigma


def columns(modes: list[Mode]) -> tuple[F64, F64, F64]:
    """Of one track at one horizon: weights (M,), places (M, 2) from the mean path, sigmas (M,)."""
    weight, x, y, sigma = np.array(modes).T
    place = np.stack([x, y], axis=1)
    return weight, place - weight @ place, sigma


def told(modes: list[Mode]) -> float:
    weight, off, sigma = columns(modes)
    return float(told_sigma(weight[None], off[None, :, None], sigma[None, :, None])[0, 0])


def held(weight: F64, off: F64, sigma: F64, half: float) -> float:
    """Share of one track's mixture at one horizon, (M,), (M, 2) and (M,), within so much, as the mean of both axes."""
    return sum(
        w * math.erf((half + side * place) / s / math.sqrt(2)) / 4
        for w, places, s in zip(weight.tolist(), off.tolist(), sigma.tolist(), strict=True)
        for place in places
        for side in (1, -1)
    )


def bisected(weight: F64, off: F64, sigma: F64) -> float:
    low, high = 0.0, 2 * float(np.abs(off).max() + 2 * sigma.max())
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if held(weight, off, sigma, middle) < math.erf(math.sqrt(0.5)) else (low, middle)
    return low


def test_of_nobody_nothing_is_told() -> None:
    assert told_sigma(np.zeros((0, 3)), np.zeros((0, 3, 4, 2)), np.zeros((0, 3, 4))).shape == (0, 4)
    assert told_sigma(np.ones((2, 1)), np.zeros((2, 1, 0, 2)), np.zeros((2, 1, 0))).shape == (2, 0)


@pytest.mark.parametrize("sigma", [1e-9, 0.3, 1.0, 7e8])
def test_of_one_mode_it_is_that_ones_sigma(sigma: float) -> None:
    assert told([(1.0, 5.0, -3.0, sigma)]) == pytest.approx(sigma, rel=1e-12)
    assert told([(0.3, 0.0, 0.0, sigma), (0.7, 0.0, 0.0, sigma)]) == pytest.approx(sigma, rel=1e-12)


def test_a_far_unlikely_mode_widens_it_by_little() -> None:
    modes: list[Mode] = [(0.98, 0.0, 0.0, 0.1), (0.02, 0.0, 0.0, 100.0)]
    weight, _, sigma = columns(modes)
    assert np.sqrt(weight @ sigma**2) > 14
    assert 0.1 < told(modes) < 0.104


def test_as_much_lies_within_as_is_said() -> None:
    for modes in MIXTURES.values():
        assert held(*columns(modes), 1.01 * told(modes)) > WITHIN > held(*columns(modes), 0.99 * told(modes))


MIXTURES: dict[str, list[Mode]] = {
    "equal modes": [(0.5, 1.0, 1.0, 0.4), (0.5, -1.0, -1.0, 0.4)],
    "equal and narrow": [(0.5, 0.0, 2.0, 0.001), (0.5, 0.0, -2.0, 0.001)],
    "one of them narrow": [(0.5, 0.0, 1.0, 0.001), (0.5, 0.0, -1.0, 1.0)],
    "left or right": [(0.25, 0.0, 2.0, 0.1), (0.75, 0.0, -2.0, 0.1)],
    "far and unlikely": [(0.97, 0.0, 0.0, 0.1), (0.03, 50.0, 0.0, 0.1)],
    "far, wide and unlikely": [(0.9, 0.0, 0.0, 0.1), (0.1, 3.0, 1.0, 30.0)],
    "tiny": [(0.6, 1e-9, 0.0, 1e-9), (0.4, -1e-9, 2e-9, 3e-9)],
    "huge": [(0.6, 1e9, 0.0, 1e9), (0.4, -1e9, 2e9, 3e9)],
    "tiny and huge": [(0.6, 0.0, 0.0, 1e-4), (0.4, 1.0, 0.0, 1e4)],
    "as good as without weight": [(1 - 1e-12, 0.0, 0.0, 1.0), (1e-12, 5.0, 0.0, 1e-3)],
}


@pytest.mark.parametrize("name", MIXTURES)
def test_it_is_what_fine_bisection_finds(name: str) -> None:
    assert told(MIXTURES[name]) == pytest.approx(bisected(*columns(MIXTURES[name])), rel=1e-3)


@pytest.mark.parametrize("apart", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("modes", [1, 2, 3, 6])
def test_many_at_once_are_told_what_each_alone_would_be(modes: int, apart: float) -> None:
    dice, t, k = np.random.default_rng(modes), 20, 3
    weight, sigma = dice.dirichlet(np.ones(modes), t), np.exp(dice.normal(0, 0.7, (t, modes, k)))
    place = dice.normal(0, apart, (t, modes, k, 2))
    off = place - (weight[:, :, None, None] * place).sum(axis=1, keepdims=True)
    given = [part.copy() for part in (weight, off, sigma)]
    found = told_sigma(weight, off, sigma)
    plain = [[bisected(weight[i], off[i, :, j], sigma[i, :, j]) for j in range(k)] for i in range(t)]
    np.testing.assert_allclose(found, plain, rtol=1e-3)
    assert all(np.array_equal(part, copy) for part, copy in zip((weight, off, sigma), given, strict=True))
    np.testing.assert_array_equal(found, told_sigma(weight, off, sigma))
