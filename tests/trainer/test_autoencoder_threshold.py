import numpy as np
import pytest
from scipy.stats import binom, t

from edge.contracts.types import F64
from trainer.autoencoder.threshold import independent, most_alarms, student, threshold_of

TIMES = 60  # threshold after threshold, each of new windows


def errors(rows: int, samples: int, chance: np.random.Generator, kept: float = 0.0) -> F64:
    """Mean squared errors of all windows of a series whose residual keeps a share of itself from row to row."""
    residual = chance.normal(size=rows) * np.sqrt(1 - kept**2)
    for row in range(1, rows):
        residual[row] += kept * residual[row - 1]
    total = np.concatenate([[0.0], np.cumsum(residual**2)])
    return (total[samples:] - total[:-samples]) / samples


@pytest.mark.parametrize(
    ("rows", "samples", "kept", "quantile"),
    [
        (128, 16, 0.0, 0.99),
        (400, 16, 0.0, 0.95),
        (400, 16, 0.7, 0.99),
        (3000, 16, 0.0, 0.99),
        (3000, 16, 0.7, 0.95),
        (120, 1, 0.0, 0.99),
        (3000, 1, 0.0, 0.95),
    ],
)
def test_new_windows_are_above_it_as_seldom_as_promised(rows: int, samples: int, kept: float, quantile: float) -> None:
    above = []
    for turn in range(TIMES):
        chance = np.random.default_rng((turn, rows))
        threshold = threshold_of(errors(rows, samples, chance, kept), rows // samples, quantile)
        above.append((errors(2000, samples, chance, kept) > threshold.error).mean())
    promised = 1 - quantile
    assert 0.05 * promised < np.mean(above) < 1.5 * promised


def test_the_plain_quantile_of_few_windows_breaks_that_promise() -> None:
    above = []
    for turn in range(TIMES):
        chance = np.random.default_rng((turn, 128))
        plain = np.quantile(errors(128, 16, chance), 0.99)
        above.append((errors(2000, 16, chance) > plain).mean())
    assert np.mean(above) > 0.04


def test_many_windows_give_their_quantile() -> None:
    chance = np.random.default_rng(1)
    threshold = threshold_of(chance.lognormal(size=20000), 20000, 0.99)
    assert (threshold.widened, threshold.sound) == (False, True)
    assert threshold.error == pytest.approx(np.exp(2.326), rel=0.05)


def test_few_windows_are_told_of() -> None:
    threshold = threshold_of(np.array([1.0, 2.0, 1.5, 1.2]), 4, 0.99)
    assert (threshold.widened, threshold.sound) == (True, False)
    assert threshold.error > 4
    assert "worth 4.0" in threshold.words()


def test_errors_that_never_differ_are_the_threshold() -> None:
    threshold = threshold_of(np.full(50, 0.5), 50, 0.99)
    assert threshold.error == pytest.approx(0.5)


def test_overlapping_windows_count_as_those_that_lie_apart() -> None:
    worth = independent(errors(20000, 16, np.random.default_rng(2)))
    assert 20000 / 16 / 1.3 < worth < 20000 / 16 * 1.5


@pytest.mark.parametrize("freedom", [4, 6.5, 30])
@pytest.mark.parametrize("quantile", [0.9, 0.99, 0.999])
def test_student_is_that_of_the_tables(freedom: float, quantile: float) -> None:
    assert student(freedom, quantile) == pytest.approx(t.ppf(quantile, freedom), rel=0.01)


@pytest.mark.parametrize(("apart", "share"), [(0, 0.01), (1, 0.01), (12, 0.01), (300, 0.01), (5, 0.3), (10**6, 0.01)])
def test_chance_alarms_are_those_of_the_binomial(apart: int, share: float) -> None:
    expected = binom.ppf(0.99, apart, share) / max(apart, 1)
    assert most_alarms(share, apart, 3.0) == pytest.approx(max(3 * share, expected))
