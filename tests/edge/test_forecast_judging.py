"""What was said against what was seen: at the right time, of the right object, and of nobody who was not seen."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from edge.forecast.judging import MOST_MOMENTS, Judge, Said, Seen, Verdict

HORIZONS_S = (0.5, 1.0, 2.0)


def said(t_s: float, ids: Sequence[int], *speeds: float, sigma: float = 0.1, scale: float = 0.5) -> Said:
    """One forecaster for each speed: everything starts at 0 and moves to the right at that speed."""
    centre = np.zeros((len(speeds), len(ids), len(HORIZONS_S), 2))
    centre[..., 0] = np.array(speeds)[:, None, None] * np.array(HORIZONS_S)
    return Said(t_s, np.array(ids, np.int64), np.full(len(ids), scale), centre, np.full(centre.shape[:-1], sigma))


def seen(t_s: float, places: dict[int, float]) -> Seen:
    centre = np.array([(x, 0.0) for x in places.values()]).reshape(-1, 2)
    return Seen(t_s, np.array(list(places), np.int64), centre)


def judged(judge: Judge, *looks: Seen) -> list[Verdict]:
    """At each look but the first, as the guard asks: only when something is ripe."""
    pairs = [pair for pair in pairwise(looks) if judge.ripe(pair[1].t_s)]
    return [verdict for last, look in pairs for verdict in judge.see(last, look)]


def test_nothing_said_and_nothing_seen_is_nothing_to_judge() -> None:
    judge = Judge(HORIZONS_S, 0.5)
    assert judged(judge, seen(0.0, {}), seen(1.0, {1: 0.0})) == []
    judge.keep(said(1.0, [], 0.1))
    assert judged(judge, seen(1.5, {}), seen(2.0, {1: 0.0}), seen(9.0, {})) == []


def test_errors_are_in_heights_of_the_object_at_the_time_of_the_horizon() -> None:
    judge = Judge(HORIZONS_S, 0.5)
    judge.keep(said(10.0, [7, 8], 0.2, 0.6, sigma=0.09))
    # Object 8 moves at 0.4 per second. At 10.5 nobody looks: it was at 0.16 at 10.4 and at 0.24 at 10.6.
    found = judged(judge, seen(10.4, {3: 0.0, 8: 0.16}), seen(10.6, {8: 0.24, 3: 0.0}))
    assert [verdict.horizon for verdict in found] == [0]
    np.testing.assert_allclose(found[0].error, [[0.1 / 0.5], [0.1 / 0.5]])
    np.testing.assert_allclose(found[0].cover, [[0.5], [0.5]])  # aside it is right, ahead more than one sigma off
    found = judged(judge, seen(10.9, {8: 0.36}), seen(11.0, {8: 0.4}))
    assert [verdict.horizon for verdict in found] == [1]
    np.testing.assert_allclose(found[0].error, [[0.4], [0.4]])


@pytest.mark.parametrize(
    "looks",
    [
        [seen(0.4, {}), seen(0.6, {1: 0.1})],  # not seen before
        [seen(0.4, {1: 0.1}), seen(0.6, {})],  # nor after: it coasts
        [seen(0.4, {2: 0.1}), seen(0.6, {2: 0.1})],  # another one
        [seen(0.0, {1: 0.0}), seen(0.55, {1: 0.1})],  # too long between the looks
        [seen(0.6, {1: 0.1})],  # never looked before
    ],
)
def test_who_was_not_seen_at_that_time_is_not_judged(looks: list[Seen]) -> None:
    judge = Judge(HORIZONS_S, 0.5)
    judge.keep(said(0.0, [1], 0.2))
    assert judged(judge, *looks) == []


def test_a_look_exactly_at_the_time_counts_once() -> None:
    judge = Judge(HORIZONS_S, 0.5)
    judge.keep(said(0.0, [1], 0.2))
    found = judged(judge, *(seen(n / 4, {1: 0.05 * n}) for n in range(12)))
    assert [verdict.horizon for verdict in found] == [0, 1, 2]
    np.testing.assert_allclose([verdict.error[0, 0] for verdict in found], 0, atol=1e-9)
    np.testing.assert_allclose([verdict.cover[0, 0] for verdict in found], 1)


def test_far_horizons_allow_longer_gaps() -> None:
    judge = Judge((0.5, 4.0), 0.5)
    centre = np.zeros((1, 1, 2, 2))
    judge.keep(Said(0.0, np.array([1]), np.ones(1), centre, np.ones((1, 1, 2))))
    assert [one.horizon for one in judged(judge, *(seen(float(n), {1: 0.0}) for n in range(5)))] == [1]


def test_what_is_not_finite_is_left_out() -> None:
    judge = Judge(HORIZONS_S, 0.5)
    told = said(0.0, [1, 2], 0.2, 0.2)
    told.centre[1, 0] = np.nan
    judge.keep(told)
    found = judged(judge, seen(0.4, {1: 0.0, 2: 0.0}), seen(0.6, {1: 0.0, 2: 0.0}))
    assert [verdict.error.shape for verdict in found] == [(2, 1)]


def test_memory_is_bounded_whatever_the_horizon() -> None:
    judge = Judge((600.0,), 0.1)
    kept = 0
    for n in range(20_000):
        t_s = n / 10
        judged(judge, seen(t_s - 0.1, {1: 0.0}), seen(t_s, {1: 0.0}))
        if judge.due(t_s):
            judge.keep(Said(t_s, np.array([1]), np.ones(1), np.zeros((1, 1, 1, 2)), np.ones((1, 1, 1))))
            kept += 1
    assert len(judge._open) < MOST_MOMENTS
    assert 600 / MOST_MOMENTS * 0.9 < 2000 / kept < 600 / MOST_MOMENTS * 1.2
