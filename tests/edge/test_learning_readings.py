"""Samples of a sensor."""

from dataclasses import replace

import numpy as np
import pytest

from edge.contracts.types import Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.readings import SeriesSampler
from edge.learning.sample import Sample

FIXED = SeriesWindow(("a", "b"), 3, 1.0, Scaling.FIXED, (10.0, 0.0), (2.0, 1.0), (1, 2))
OWN = SeriesWindow(("a", "b"), 3, 1.0, Scaling.WINDOW, (0.0, 0.0), (1.0, 1.0), (1, 2))
COUNT = 8


def fed(
    sampler: SeriesSampler, values: np.ndarray, holes: frozenset[int] = frozenset(), fresh: frozenset[int] = frozenset()
) -> list[Sample]:
    """Nodes a second apart; those in `holes` were filled in."""
    return [
        one
        for number, row in enumerate(values)
        for one in sampler.node(1000.0 + number, row, np.full(2, number not in holes), fresh=number in fresh)
    ]


def ramp(count: int = COUNT) -> np.ndarray:
    return np.stack([10.0 + 2 * np.arange(count), np.arange(count)], axis=1).astype(np.float64)


def test_nothing_read() -> None:
    assert fed(SeriesSampler(Head.SERIES, FIXED), ramp(0)) == []


def test_the_future_is_the_label() -> None:
    found = fed(SeriesSampler(Head.SERIES, FIXED), ramp(6))
    assert len(found) == 2
    np.testing.assert_allclose(found[0].arrays["window"], [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_allclose(found[0].arrays["future"], [[3, 3], [4, 4]])
    np.testing.assert_array_equal(found[0].arrays["known"], np.ones((2, 2)))
    assert (found[0].begin_s, found[0].end_s, found[0].group) == (1000.0, 1004.0, "")


def test_windows_in_their_own_scale() -> None:
    (sample,) = fed(SeriesSampler(Head.SERIES, OWN), ramp(5))
    sd = np.sqrt(2 / 3)
    np.testing.assert_allclose(sample.arrays["window"][:, 1], np.array([-1, 0, 1]) / sd, rtol=1e-6)
    np.testing.assert_allclose(sample.arrays["future"][:, 1], np.array([2, 3]) / sd, rtol=1e-6)


def test_what_was_filled_in_is_no_label() -> None:
    (sample,) = fed(SeriesSampler(Head.SERIES, FIXED), ramp(5), holes=frozenset({4}))
    np.testing.assert_array_equal(sample.arrays["known"], [[1, 1], [0, 0]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_values_that_make_no_sense_are_no_label(bad: float) -> None:
    values = ramp(5)
    values[3] = bad
    (sample,) = fed(SeriesSampler(Head.SERIES, FIXED), values)
    assert not sample.arrays["known"][0].any()
    assert all(np.isfinite(one).all() for one in sample.arrays.values())


def test_a_constant_series_is_safe() -> None:
    values = np.full((8, 2), 7.0)
    values[5:] = 9.0
    for sample in fed(SeriesSampler(Head.SERIES, OWN), values):
        assert all(np.isfinite(one).all() for one in sample.arrays.values())


def test_a_silence_parts_windows() -> None:
    assert len(fed(SeriesSampler(Head.SERIES, FIXED), ramp(9), fresh=frozenset({4}))) == 1
    sampler = SeriesSampler(Head.SERIES, FIXED)
    fed(sampler, ramp(4))
    assert fed(sampler, ramp(4)) == []  # the clock was set back


@pytest.mark.parametrize(("samples", "ahead", "every"), [(32, 4, 1), (64, 4, 2), (100, 1, 4), (3, 96, 3)])
def test_long_windows_give_fewer_samples(samples: int, ahead: int, every: int) -> None:
    window = replace(FIXED, samples=samples, horizons=(ahead,))
    found = fed(SeriesSampler(Head.SERIES, window), np.ones((samples + ahead + 10, 2)))
    assert [one.begin_s for one in found] == list(range(1000, 1011, every))


def test_another_count_of_values_is_left_out() -> None:
    sampler = SeriesSampler(Head.SERIES, FIXED)
    assert sampler.node(1.0, np.zeros(3), np.ones(3, bool), fresh=True) == []
    assert sampler.node(np.nan, np.zeros(2), np.ones(2, bool), fresh=True) == []


def test_autoencoders_learn_the_window_itself() -> None:
    window = SeriesWindow(("a", "b"), 3, 1.0, Scaling.FIXED, (10.0, 0.0), (2.0, 1.0), ())
    first, second = fed(SeriesSampler(Head.AUTOENCODER, window), ramp(4), holes=frozenset({3}))
    assert set(first.arrays) == {"window", "known"}
    np.testing.assert_array_equal(first.arrays["known"], [1, 1, 1])
    np.testing.assert_array_equal(second.arrays["known"], [1, 1, 0])
