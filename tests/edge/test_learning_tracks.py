"""Samples of paths: what becomes known, and what must stay unknown."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge.contracts.track_grid import Past
from edge.learning.moments import Look
from edge.learning.sample import Sample, fits, shapes_of
from edge.learning.tracks import MOST_MOMENTS, MOST_TRACKS, TrackSampler
from tests.rigs.strollers import looks, samples
from tests.rigs.trainee import WINDOW, learning_bundle

STEP_S, NOW_S = 0.25, 100.0
SPEED = np.array([1.0, 0.5])
GONE = (np.nan, np.nan)


def place(t_s: float) -> tuple[float, float]:
    return (float(SPEED[0] * t_s), float(SPEED[1] * t_s))


def look(
    t_s: float, where: Sequence[tuple[float, float]], ids: Sequence[int] | None = None, utc_s: float = 0.0
) -> Look:
    """Walkers with a whole history that were seen there; the wall clock runs with the other one."""
    n = len(where)
    seen = np.array(where, np.float64).reshape(n, 2)
    age = np.tile(np.arange(7, -1, -1) * STEP_S, (n, 1))
    line = np.nan_to_num(seen[:, None]) - age[..., None] * SPEED
    past = Past(line, age, np.tile(SPEED, (n, 1)), np.zeros((n, 2)), np.full(n, -1), np.zeros(n))
    number = np.array(range(1, n + 1) if ids is None else ids, np.int64)
    return Look(NOW_S + t_s, 5000 + NOW_S + t_s + utc_s, number, seen, past, np.ones(n, bool), ["person"] * n)


def walked(
    changed: dict[int, tuple[float, float]], count: int = 10, sampler: TrackSampler | None = None
) -> list[Sample]:
    """Samples of one walker, looked at four times a second; at the numbered looks he is seen elsewhere."""
    made = sampler or TrackSampler(WINDOW, "run", every_s=60.0)
    return [
        one
        for number in range(count)
        for one in made.look(look(number * STEP_S, [changed.get(number, place(number * STEP_S))]))
    ]


def known(found: list[Sample]) -> list[list[float]]:
    return [one.arrays["known"].tolist() for one in found]


def test_nothing_seen() -> None:
    sampler = TrackSampler(WINDOW, "run", 0.5)
    assert [sampler.look(look(number * STEP_S, [])) for number in range(20)] == [[]] * 20


def test_a_straight_walk_departs_from_nothing() -> None:
    (sample,) = walked({})
    assert known([sample]) == [[1.0, 1.0, 1.0]]
    assert np.abs(sample.arrays["future"]).max() < 1e-5
    assert (sample.group, sample.stratum) == ("run:1", "person/straight")
    assert sample.begin_s == pytest.approx(5100.0 - 1.5)
    assert sample.end_s == pytest.approx(5102.0)
    assert sample.weight == pytest.approx(float(np.hypot(*SPEED)) * WINDOW.step_s)
    assert fits(sample, shapes_of(learning_bundle()))


def test_a_bend_is_the_label() -> None:
    (sample,) = walked({number: (place(number * STEP_S)[0], 2.0) for number in range(5, 10)} | {4: (1.0, 1.2)})
    assert sample.stratum == "person/bent"
    assert np.abs(sample.arrays["future"][2]).max() > 0.2


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, [[1.0, 1.0, 1.0]]),
        ({2: GONE}, [[0.0, 1.0, 1.0]]),  # the look at the first horizon
        (dict.fromkeys(range(3, 10), GONE), [[1.0, 0.0, 0.0]]),  # lost
        (dict.fromkeys(range(1, 10), GONE), []),
        ({0: GONE}, [[1.0, 1.0, 1.0]]),  # the first moment is the next look
        ({4: (300.0, 0.0)}, [[1.0, 0.0, 0.0]]),  # a jump across the picture: somebody else from then on
        ({3: (np.inf, 0.0)}, [[1.0, 0.0, 1.0]]),
    ],
)
def test_what_becomes_known(changed: dict[int, tuple[float, float]], expected: list[list[float]]) -> None:
    assert known(walked(changed, count=11)) == expected


def test_who_comes_back_after_long_may_be_somebody_else() -> None:
    long = TrackSampler(type(WINDOW)(16, 4, 0.5, (0.5, 4.0), 1, (), 0), "run", 60.0)
    gone = dict.fromkeys(range(3, 13), GONE)
    assert known(walked(gone, 20, long)) == [[1.0, 0.0]]
    short = TrackSampler(type(WINDOW)(16, 4, 0.5, (0.5, 4.0), 1, (), 0), "run", 60.0)
    assert known(walked(dict.fromkeys(range(3, 8), GONE), 20, short)) == [[1.0, 1.0]]


def test_a_name_that_occurs_twice_says_nothing() -> None:
    sampler = TrackSampler(WINDOW, "run", 60.0)
    sampler.look(look(0, [place(0)], [7]))
    found = [
        one
        for number in range(1, 10)
        for one in sampler.look(look(number * STEP_S, [place(number * STEP_S), (9.0, 9.0)], [7, 7]))
    ]
    assert found == []


@pytest.mark.parametrize(("t_s", "utc_s"), [(-0.5, 0.0), (0.75, 0.0), (1.0, 3600.0), (1.0, -3600.0)])
def test_a_clock_that_was_set_leaves_what_is_open(t_s: float, utc_s: float) -> None:
    sampler = TrackSampler(WINDOW, "run", 60.0)
    for number in range(4):
        sampler.look(look(number * STEP_S, [place(number * STEP_S)]))
    found = [
        one
        for number in range(4)
        for one in sampler.look(look(t_s + number * STEP_S, [place(t_s + number * STEP_S)], None, utc_s))
    ]
    assert found == []
    later = [
        one
        for number in range(4, 12)
        for one in sampler.look(look(t_s + number * STEP_S, [place(t_s + number * STEP_S)], None, utc_s))
    ]
    assert known(later) == [[1.0, 1.0, 1.0]]  # of the first look after it


def test_times_that_are_no_numbers_are_left_out() -> None:
    sampler = TrackSampler(WINDOW, "run", 60.0)
    found = [
        one
        for number in range(10)
        for t_s in (np.nan, number * STEP_S)
        for one in sampler.look(look(t_s, [place(number * STEP_S)]))
    ]
    assert known(found) == [[1.0, 1.0, 1.0]]


def test_irregular_looks_are_joined_by_lines() -> None:
    sampler = TrackSampler(WINDOW, "run", 60.0)
    times = [0.0, 0.31, 0.42, 0.9, 1.33, 1.6, 1.97, 2.4]
    (sample,) = [one for t_s in times for one in sampler.look(look(t_s, [place(t_s)]))]
    assert known([sample]) == [[1.0, 1.0, 1.0]]
    assert np.abs(sample.arrays["future"]).max() < 1e-5


def test_memory_is_bounded() -> None:
    sampler = TrackSampler(WINDOW, "run", every_s=1e-3)
    crowd = [(10.0 * (number % 10), 10.0 * (number // 10)) for number in range(100)]
    for number in range(3 * MOST_MOMENTS):
        sampler.look(look(number * 1e-3, crowd))
    assert len(sampler._open) <= MOST_MOMENTS
    assert max(len(moment.rows) for moment in sampler._open) <= MOST_TRACKS


def test_looks_are_not_written_into() -> None:
    every = list(looks(seconds=5.0))
    before = [(one.seen.copy(), one.past.position.copy()) for one in every]
    sampler = TrackSampler(WINDOW, "run", 0.5)
    for one in every:
        sampler.look(one)
    for one, (seen, position) in zip(every, before, strict=True):
        np.testing.assert_array_equal(one.seen, seen)
        np.testing.assert_array_equal(one.past.position, position)


def test_walkers_who_come_and_go_leave_sound_samples() -> None:
    found = samples(seconds=40.0)
    shapes = shapes_of(learning_bundle())
    assert len(found) > 200
    assert all(fits(one, shapes) for one in found)
    assert {one.stratum for one in found} >= {"person/straight", "person/bent"}


def test_columns_of_different_lengths_are_refused() -> None:
    one = look(0.0, [place(0.0)])
    with pytest.raises(ValueError, match="as many rows"):
        Look(one.t_s, one.utc_s, one.id, one.seen, one.past, one.askable, [])
