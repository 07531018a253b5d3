"""Flow maps out of samples: cells, who counts how often, and what is left out."""

import numpy as np

from edge.contracts.flow_map import CELLS, FlowMap
from edge.contracts.types import F32, F64, Mask
from edge.learning.flow import Visits

K = 2


def going(x: float, y: float = 0.0, direction: float = 0.0, speed: float = 1.0) -> list[float]:
    """One who is a metre long."""
    cos, sin = np.cos(direction), np.sin(direction)
    return [x, y, speed * cos, speed * sin, 1.0, 1.0, cos, sin]


def made(rows: list[list[float]], residual: F64 | list[float], group: list[str], known: Mask | None = None) -> FlowMap:
    """A map of samples; of a residual of one number that is the first coordinate at all horizons."""
    place: F32 = np.array(rows, np.float32).reshape(-1, 8)
    off = np.asarray(residual, np.float64)
    if off.ndim == 1:
        off = np.stack([np.tile(off[:, None], (1, K)), np.zeros((len(off), K))], axis=2)
    return Visits(place, np.ones((len(place), K), bool) if known is None else known, group).flow_map(off)


def test_of_nothing_comes_an_empty_map() -> None:
    assert len(made([], np.zeros((0, K, 2)), [])) == 0
    assert made([], np.zeros((0, K, 2)), []).tracks.shape == (0, K)


def test_who_stands_and_of_whom_nothing_is_known_tells_nothing() -> None:
    assert len(made([going(0, speed=0.1)], [5.0], ["a"])) == 0
    assert len(made([going(0)], [5.0], ["a"], np.zeros((1, K), bool))) == 0


def test_a_hundred_samples_of_one_track_at_one_place_count_as_one() -> None:
    there, random = [going(0)] * 100, np.random.default_rng(1)
    off = random.normal(0, 1, 100)
    one = made(there, off, ["a"] * 100)
    assert one.tracks.tolist() == [[1.0, 1.0]]
    np.testing.assert_allclose(one.residual[0, :, 0], off.mean())
    two = made([*there, going(0)], [*off, 7.0], ["a"] * 100 + ["b"])
    assert two.tracks.tolist() == [[2.0, 2.0]]
    np.testing.assert_allclose(two.residual[0, :, 0], (off.mean() + 7.0) / 2)


def test_samples_of_no_track_are_each_of_one() -> None:
    assert made([going(0)] * 5, [1.0] * 5, [""] * 5).tracks.tolist() == [[5.0, 5.0]]


def test_a_track_that_goes_on_counts_once_in_each_place_where_it_was() -> None:
    found = made([going(x) for x in (0, 0.1, 10, 10.1, 20)], [1.0, 3.0, 5.0, 5.0, 9.0], ["a"] * 5)
    order = np.argsort(found.cell[:, 0])
    np.testing.assert_allclose(found.cell[order, 0], [0.05, 10.05, 20])
    assert found.tracks.tolist() == [[1.0, 1.0]] * 3
    np.testing.assert_allclose(found.residual[order, 0, 0], [2.0, 5.0, 9.0])


def test_who_goes_another_way_or_at_another_pace_is_in_another_cell() -> None:
    ways = [going(0), going(0, direction=np.pi / 2), going(0, direction=np.pi), going(0, speed=3.0)]
    assert len(made(ways, [1.0] * 4, ["a", "b", "c", "d"])) == 4


def test_the_middle_of_directions_about_half_a_turn_is_not_ahead() -> None:
    found = made([going(0, direction=np.pi - 0.1), going(0, direction=-np.pi + 0.1)], [1.0, 1.0], ["a", "b"])
    assert len(found) == 1
    assert abs(abs(found.cell[0, 2]) - np.pi) < 1e-6


def test_a_horizon_that_is_not_known_counts_nothing_and_may_be_no_number() -> None:
    known = np.array([[True, False], [True, True], [True, False]])
    off = np.array([[[1.0, 0], [np.nan, np.nan]], [[3.0, 0], [4.0, 0]], [[5.0, 0], [np.inf, 0]]])
    found = made([going(0)] * 3, off, ["a", "a", "b"], known)
    assert found.tracks.tolist() == [[2.0, 1.0]]
    np.testing.assert_allclose(found.residual[0, :, 0], [(2.0 + 5.0) / 2, 4.0])
    assert np.isfinite(found.shift(np.array([going(0)], np.float32))).all()


def test_of_more_places_than_there_are_cells_the_oldest_are_left_out() -> None:
    more = 76
    rows = [going(10.0 * x) for x in range(CELLS + more)]
    found = made(rows, [1.0] * len(rows), [f"t{x}" for x in range(len(rows))])
    assert len(found) == CELLS
    assert found.cell[:, 0].min() == 10.0 * more
    assert len(FlowMap.of(found.numbers(), K)) == CELLS
    again = made([going(10.0 * (more + 1)), *rows], [1.0] * (len(rows) + 1), ["early", *[str(x) for x in rows]])
    assert again.tracks.max() == 2.0  # what has a cell is told of by the oldest as well


def test_one_visit_serves_every_set_of_weights() -> None:
    """Where they were does not depend on the weights; what was foreseen does."""
    visits = Visits(np.array([going(0), going(10)], np.float32), np.ones((2, K), bool), ["a", "b"])
    one, other = (visits.flow_map(np.full((2, K, 2), off)) for off in (1.0, 2.0))
    assert one.cell is other.cell
    np.testing.assert_allclose(2 * one.residual, other.residual)
