"""When too much has failed: exact figures of the binomial, and what they stop."""

import pytest
from scipy.stats import binom

from firmware_tools.rollout.threshold import by_chance, enough, too_many
from tests.rigs.rollout_draws import draws


@pytest.mark.parametrize(
    ("failed", "judged", "threshold", "least", "stops"),
    [
        (0, 0, 0.05, 100, False),
        (0, 100, 0.0, 100, False),
        (1, 1000, 0.0, 100, True),  # nothing may fail
        (1, 1, 0.0, 100, True),
        (1, 12, 0.05, 100, False),  # 8 %, and yet nothing is known
        (3, 12, 0.05, 100, True),
        (1, 12, 0.05, 12, True),  # from `least` on the share alone counts
        (5, 100, 0.05, 100, False),  # not more than 5 %
        (6, 100, 0.05, 100, True),
        (6, 119, 0.05, 100, True),
        (6, 120, 0.05, 100, False),
        (2, 2, 0.5, 100, False),  # chance, in 25 % of the cases
        (5, 5, 0.5, 100, True),
    ],
)
def test_stops(failed: int, judged: int, threshold: float, least: int, stops: bool) -> None:
    assert too_many(failed, judged, threshold, least) == stops


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 0.98])
def test_the_chance_is_that_of_the_binomial(share: float) -> None:
    for judged in (1, 2, 12, 99, 5000):
        for failed in (0, 1, 2, judged // 20, judged):
            exact = binom.sf(failed - 1, judged, share)
            assert by_chance(failed, judged, share) == pytest.approx(exact, abs=1e-9)


def test_a_threshold_of_nothing_and_a_share_of_all() -> None:
    assert by_chance(0, 0, 0.0) == 1
    assert by_chance(1, 5, 0.0) == 0
    assert by_chance(5, 5, 1.0) == 1


def test_what_is_half_as_bad_is_let_pass_and_what_is_twice_as_bad_stops_early() -> None:
    well, bad = (draws(1, 1000, share, 0.05, enough(0.05)) for share in (0.025, 0.10))
    assert well.stopped <= 0.06
    assert bad.stopped == 1
    assert bad.failures is not None
    assert bad.failures <= 8
