"""The grid: gaps, jitter, duplicates, disorder, bursts; with random streams."""

import itertools
import math
import random

import numpy as np
import pytest

from edge.sensors.arrival import Timed
from edge.sensors.windows import Grid, Sample

HOLD = 5


def run(readings: list[tuple[float, float]], step_s: float = 1.0, *, sparse: bool = False) -> tuple[Grid, list[Sample]]:
    grid = Grid(step_s, HOLD)
    found = [sample for t_s, value in readings for sample in grid.step(Timed(t_s, (value,)), sparse)]
    return grid, found + grid.tick(math.inf)


def shown(samples: list[Sample]) -> list[tuple[float, float]]:
    return [(round(sample.t_s, 6), round(float(sample.values[0]), 6)) for sample in samples]


def test_nothing_is_no_sample() -> None:
    assert run([])[1] == []


@pytest.mark.parametrize("sparse", [False, True])
def test_one_reading_is_one_sample(sparse: bool) -> None:
    assert shown(run([(3.2, 7.0)], sparse=sparse)[1]) == [(3.2, 7.0)]


def test_readings_of_one_step_are_averaged() -> None:
    readings = [(k / 10, float(k)) for k in range(30)]
    _, found = run(readings)
    assert [sample.t_s for sample in found] == [0.0, 1.0, 2.0, 3.0]
    assert found[1].values[0] == pytest.approx(np.mean(range(5, 15)))


def test_a_sparse_sensors_sample_is_there_with_its_reading() -> None:
    grid = Grid(10.0, HOLD)
    assert [len(grid.step(Timed(10.0 * k, (1.0,)), sparse=True)) for k in range(5)] == [1] * 5


def test_a_step_that_is_over_ends_without_another_reading() -> None:
    grid = Grid(1.0, HOLD)
    grid.step(Timed(0.0, (4.0,)), sparse=False)
    assert grid.tick(0.5) == []
    assert shown(grid.tick(0.8)) == [(0.0, 4.0)]
    assert grid.tick(9.0) == []


def test_over_a_short_gap_the_last_sample_is_held() -> None:
    _, found = run([(0, 0.0), (1, 1.0), (4, 4.0)])
    assert shown(found) == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4)]
    assert [sample.bridged for sample in found] == [False, False, True, True, False]
    assert [sample.fresh for sample in found] == [True, False, False, False, False]


def test_a_long_gap_begins_anew() -> None:
    grid, found = run([(0, 0.0), (1, 1.0), (2 + HOLD, 2.0), (8 + 2 * HOLD, 3.0)])
    assert [sample.fresh for sample in found if not sample.bridged] == [True, False, False, True]
    assert (grid.bridged, grid.gaps) == (HOLD, 1)


def test_what_is_older_than_the_open_step_is_late_and_the_same_twice_is_double() -> None:
    grid, found = run([(0, 0.0), (1, 1.0), (2, 2.0), (0, 9.0), (2, 2.0), (2.2, 4.0), (3, 3.0)])
    assert shown(found) == [(0, 0), (1, 1), (2, 3), (3, 3)]
    assert (grid.late, grid.doubled) == (1, 1)
    grid, found = run([(0, 0.0), (1, 1.0), (1, 1.0), (2, 2.0)])
    assert (shown(found), grid.doubled) == ([(0, 0), (1, 1), (2, 2)], 1)


@pytest.mark.parametrize("off", [0.98, 1.0, 1.03])  # how fast it is, against the grid
@pytest.mark.parametrize("seed", range(4))
def test_jitter_does_not_tear_the_samples(seed: int, off: float) -> None:
    dice = random.Random(seed)
    readings = sorted((k * off + dice.uniform(-0.3, 0.3), float(k)) for k in range(500))
    grid, found = run(readings, sparse=True)
    steps = np.diff([sample.t_s for sample in found])
    assert sum(sample.fresh for sample in found) == 1
    assert np.abs(steps - 1).max() <= 0.1
    assert grid.late <= 15
    assert grid.bridged <= 15


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_samples_ascend_are_finite_and_lie_within_the_readings(seed: int) -> None:
    dice = random.Random(seed)
    step_s = dice.choice([0.1, 1.0, 60.0])
    t_s, readings = dice.uniform(-1e6, 1e6), list[tuple[float, float]]()
    for _ in range(dice.choice([1, 10, 2000])):
        t_s += step_s * dice.choice([0.0, 0.1, 1.0, 1.0, 1.1, 3.0, -0.5, -20.0, 1000.0])
        readings.append((t_s, dice.uniform(-50, 50)))
    sparse = dice.random() < 0.5
    grid, found = run(readings, step_s, sparse=sparse)
    values = np.array([sample.values[0] for sample in found])
    assert found[0].fresh
    assert all(after.t_s > before.t_s for before, after in itertools.pairwise(found))
    assert np.isfinite(values).all()
    assert min(value for _, value in readings) <= values.min() <= values.max() <= max(value for _, value in readings)
    assert len([one for one in found if not one.bridged]) <= len(readings) - grid.late - grid.doubled
    for before, after in itertools.pairwise(found):
        if not after.fresh:  # a grid: the next sample is one step on, or a tenth of that off where it follows
            assert after.t_s - before.t_s == pytest.approx(step_s, rel=0.11)


def test_ten_thousand_readings_at_once_are_one_sample() -> None:
    grid, found = run([(0.0, float(k)) for k in range(10_000)])
    assert shown(found) == [(0.0, 4999.5)]
    assert grid.late == 0
