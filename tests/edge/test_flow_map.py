"""Flow maps: what was seen at a place shifts those who go there likewise, in their own measure, and nobody else."""

from dataclasses import replace

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import (
    CELLS,
    PACE,
    PLACE_COLUMNS,
    PRIOR,
    REACH,
    STILL,
    TURN,
    FlowMap,
    apart,
    motions,
    moves,
    numbers_of,
    places,
    terms,
)
from edge.contracts.track_grid import C128, Past
from edge.contracts.track_windows import encode
from edge.contracts.types import F32, F64
from edge.contracts.windows import TrackWindow

K, LENGTH = 2, 0.2
WINDOW = TrackWindow(8, 8, 0.5, (0.5, 2.0), 1, (), 0)
EAST = np.radians(0.0)
OFF = np.array([[0.5, -0.25], [1.5, -1.0]])  # lengths


def going(direction: float = EAST, at: complex = 0.5 + 0.5j, speed: float = 1.0, length: float = LENGTH) -> F32:
    """(1, 8) one track; speed in lengths per second."""
    velocity = speed * length * np.exp(1j * direction)
    row = [at.real, at.imag, velocity.real, velocity.imag, length, length, np.cos(direction), np.sin(direction)]
    return np.array([row], np.float32)


def seen(*each: F32, tracks: float = 4.0, off: F64 = OFF) -> FlowMap:
    """A map with a cell for each of these, in which so many tracks went that far elsewhere."""
    cell = motions(np.concatenate(each))
    return FlowMap(cell, np.full((len(cell), K), tracks), np.tile(off, (len(cell), 1, 1)))


def some(count: int, seed: int = 1) -> F32:
    """(count, 8) tracks of all kinds; all of them move."""
    random = np.random.default_rng(seed)
    return np.concatenate(
        [
            going(random.uniform(-4, 4), complex(*random.random(2)), random.uniform(0.3, 3), random.uniform(0.1, 0.4))
            for _ in range(count)
        ]
    )


def crowd(count: int = 40, seed: int = 2) -> FlowMap:
    random = np.random.default_rng(seed)
    tracks = random.integers(0, 6, (count, K)) + np.array([1.0, 0.0])
    return FlowMap(motions(some(count, seed)), tracks, random.normal(0, 1, (count, K, 2)))


NOTHING = FlowMap(np.zeros((0, 5)), np.zeros((0, K)), np.zeros((0, K, 2)))


def test_an_empty_map_shifts_nothing() -> None:
    assert len(NOTHING) == 0
    assert not NOTHING.shift(some(5)).any()
    assert NOTHING.shift(some(5)).shape == (5, K, 2)
    assert crowd().shift(np.zeros((0, 8), np.float32)).shape == (0, K, 2)


def test_who_goes_where_others_went_is_shifted_as_many_of_them_as_there_were() -> None:
    for tracks, share in ((1.0, 1 / (1 + PRIOR)), (4.0, 4 / (4 + PRIOR)), (1e6, 1.0)):
        np.testing.assert_allclose(seen(going(), tracks=tracks).shift(going())[0], OFF * LENGTH * share, rtol=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        going(at=0.9 + 0.5j + 0.5),
        going(at=0.5 + 2.0j),
        going(np.pi),
        going(np.pi / 2),
        going(-np.pi / 2),
        going(speed=6.0),
        going(speed=0.2),
    ],
)
def test_who_goes_elsewhere_or_otherwise_is_not(other: F32) -> None:
    assert np.abs(seen(going()).shift(other)).max() < 1e-3 * LENGTH


@pytest.mark.parametrize(
    "near",
    [
        going(at=0.5 + REACH * LENGTH + 0.5j),
        going(at=0.5 + (0.5 - REACH * LENGTH) * 1j),
        going(TURN),
        going(-TURN),
        going(speed=float(np.exp(PACE))),
    ],
)
def test_at_one_standard_deviation_the_kernel_is_that_of_a_normal_distribution(near: F32) -> None:
    alike = np.exp(-0.5)
    np.testing.assert_allclose(seen(going()).shift(near)[0], OFF * LENGTH * 4 * alike / (4 * alike + PRIOR), rtol=1e-4)


def test_west_by_north_is_near_west_by_south() -> None:
    """Directions meet at half a turn."""
    north, south = going(np.pi - 0.05), going(-np.pi + 0.05)
    np.testing.assert_allclose(seen(north).shift(south), seen(going(0.0)).shift(going(0.1)), rtol=1e-4)


def test_who_is_twice_as_large_is_shifted_twice_as_far_and_from_twice_as_far() -> None:
    small, large = going(at=0.6 + 0.5j), going(at=0.7 + 0.5j, length=2 * LENGTH)
    np.testing.assert_allclose(seen(going()).shift(large), 2 * seen(going()).shift(small), rtol=1e-5)


@pytest.mark.parametrize("speed", [0.0, 0.99 * STILL])
def test_who_stands_is_not_shifted(speed: float) -> None:
    assert not moves(going(speed=speed)).any()
    assert not seen(going()).shift(going(speed=speed)).any()
    assert seen(going()).shift(np.concatenate([going(speed=speed), going()])).any(axis=(1, 2)).tolist() == [False, True]


def test_what_is_not_known_is_not_shifted() -> None:
    unknown = np.concatenate([np.full((1, 8), np.nan, np.float32), going()])
    found = seen(going()).shift(unknown)
    assert np.isfinite(found).all()
    assert found.any(axis=(1, 2)).tolist() == [False, True]


def test_a_horizon_of_which_nobody_told_is_not_shifted() -> None:
    flow = replace(seen(going()), tracks=np.array([[4.0, 0.0]]))
    assert flow.shift(going()).any(axis=2).tolist() == [[True, False]]


def test_it_is_the_mean_of_what_was_seen_around_drawn_towards_nothing() -> None:
    """Against a plain calculation, of more tracks than are looked up at a time."""
    flow, place = crowd(), some(150)
    expected = np.zeros((len(place), K, 2))
    for row, one in enumerate(place.astype(np.float64)):
        total, count = np.zeros((K, 2)), np.zeros(K)
        for cell, tracks, residual in zip(flow.cell, flow.tracks, flow.residual, strict=True):
            turn = np.angle(np.exp(1j * (np.arctan2(one[3], one[2]) - cell[2]))) / TURN
            pace = (np.log(np.hypot(one[2], one[3]) / one[4]) - cell[3]) / PACE
            far = np.hypot(*(one[:2] - cell[:2])) / (REACH * one[4])
            weight = np.exp(-0.5 * (turn**2 + pace**2 + far**2)) * tracks
            total, count = total + weight[:, None] * residual, count + weight
        expected[row] = total / (count + PRIOR)[:, None] * one[4]
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(flow.shift(place), expected, atol=1e-9)


def test_nobody_is_shifted_farther_than_the_farthest_who_was_seen() -> None:
    flow, place = crowd(), some(200, 3)
    farthest = np.abs(flow.residual).max(axis=(0, 2))
    assert (np.abs(flow.shift(place)) <= farthest[:, None] * place[:, 4, None, None]).all()


def test_a_world_that_is_turned_is_shifted_likewise() -> None:
    angle = 2.0
    turn = np.exp(1j * angle)

    def turned(vector: F64) -> F64:
        both = (vector[..., 0] + 1j * vector[..., 1]) * turn
        return np.stack([both.real, both.imag], axis=-1)

    def all_turned(place: F32) -> F32:
        wide = place.astype(np.float64)
        return np.concatenate([turned(wide[:, 0:2]), turned(wide[:, 2:4]), wide[:, 4:]], axis=1).astype(np.float32)

    there, place, off = some(20), some(30, 4), np.random.default_rng(5).normal(0, 1, (20, K, 2))
    tracks = np.full((20, K), 3.0)
    plain = FlowMap(motions(there), tracks, off).shift(place)
    other = FlowMap(motions(all_turned(there)), tracks, turned(off)).shift(all_turned(place))
    assert np.abs(plain).max() > 0.01
    np.testing.assert_allclose(other, turned(plain), atol=1e-5)


def test_distances_far_from_the_origin_are_as_exact_as_near_it() -> None:
    """Metres of a survey: the squares are large, and their difference is small."""
    far = np.array([[5e4, -8e4, 0, 0, 0]])
    one, other = motions(some(20)), motions(some(30, 4))
    one[:, 4] = 1.0
    np.testing.assert_allclose(apart(one + far, terms(other + far)), apart(one, terms(other)), atol=1e-4)


def test_places_out_of_this_world_are_no_numbers_too_many() -> None:
    """Where squares are so large that their difference is nothing but rounding."""
    far = some(20) * np.array([1e15, -1e15, 1, 1, 1, 1, 1, 1], np.float32)
    there = FlowMap(motions(far), np.ones((20, K)), np.ones((20, K, 2)))
    assert (np.abs(there.shift(far)) <= far[:, 4, None, None]).all()
    assert not crowd().shift(far).any()


def test_numbers_and_back() -> None:
    flow = crowd()
    numbers = flow.numbers()
    assert (numbers.shape, numbers.dtype.name) == ((numbers_of(K),), "float32")
    again = FlowMap.of(numbers, K)
    assert len(again) == len(flow) == 40
    for name in ("cell", "tracks", "residual"):
        np.testing.assert_allclose(getattr(again, name), getattr(flow, name), rtol=1e-6)
    np.testing.assert_allclose(again.shift(some(20)), flow.shift(some(20)), atol=1e-6)
    assert again.numbers().tobytes() == numbers.tobytes()


def test_numbers_of_nothing_and_of_as_much_as_there_may_be() -> None:
    assert not NOTHING.numbers().any()
    assert len(FlowMap.of(NOTHING.numbers(), K)) == 0
    full = crowd(CELLS)
    assert len(FlowMap.of(full.numbers(), K)) == CELLS


def changed(row: int, column: int, value: float) -> F32:
    table = crowd().numbers().reshape(CELLS, -1)
    table[row, column] = value
    return table.ravel()


@pytest.mark.parametrize(
    "numbers",
    [
        np.zeros(0, np.float32),
        crowd().numbers()[:-1],
        np.append(crowd().numbers(), np.float32(0)),
        crowd().numbers().reshape(CELLS, -1),
        np.zeros(numbers_of(K + 1), np.float32),
        changed(3, 0, np.nan),
        changed(3, 8, np.inf),
        changed(CELLS - 1, 9, np.nan),  # where nothing was seen
        changed(3, 5, -1.0),
        changed(CELLS - 1, 6, -1.0),
    ],
)
def test_what_is_no_flow_map_is_refused(numbers: F32) -> None:
    with pytest.raises(ModelError, match="flow map"):
        FlowMap.of(numbers, K)


def past(path: C128, age_s: F64, size: tuple[float, float] = (0.0, 0.0)) -> Past:
    """One track along complex places (H,), without a box or with one."""
    h = len(path)
    position = np.stack([path.real, path.imag], axis=1)[None]
    step = (path[-1] - path[-2]) / (age_s[-2] - age_s[-1]) if h > 1 else 0j
    velocity = np.array([[step.real, step.imag]])
    return Past(position, age_s[None], velocity, np.array([size]), np.full(1, -1), np.zeros(1))


def along(count: int, turn: float = 0.0) -> tuple[C128, F64]:
    """Places, the newest at 3 + 4i, and ages at the nodes of the grid; it goes in a bend."""
    age_s: F64 = np.arange(count - 1, -1, -1) * np.float64(WINDOW.step_s)
    steps = 0.4 * np.exp(1j * (turn + 0.2 * np.arange(count)))
    path = np.asarray(np.cumsum(steps), np.complex128)
    return path - path[-1] + np.complex128(3 + 4j), age_s


def placed(of: Past, length: float) -> F32:
    found = places(encode(of, WINDOW), np.array([length]), WINDOW)
    assert (found.shape, found.dtype.name) == ((1, len(PLACE_COLUMNS)), "float32")
    return found[0]


@pytest.mark.parametrize(("size", "length"), [((0.0, 0.0), 1.0), ((0.3, 0.6), 0.6)])
@pytest.mark.parametrize("turn", [0.0, 1.0, 2.5, -2.0])
@pytest.mark.parametrize(("count", "steps"), [(8, 4), (5, 4), (3, 2), (2, 1)])
def test_places_tell_where_a_track_is_and_how_it_went_of_late(
    size: tuple[float, float], length: float, turn: float, count: int, steps: int
) -> None:
    path, age_s = along(count, turn)
    found = placed(past(path, age_s, size), length)
    velocity = (path[-1] - path[-1 - steps]) / (steps * WINDOW.step_s)
    scale = length if size[1] else np.abs(np.diff(path)).mean()
    heading = path[-1] - path[-2]
    heading /= abs(heading)
    expected = [3, 4, velocity.real, velocity.imag, length, scale, heading.real, heading.imag]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert moves(found[None]).all()


def test_who_was_seen_once_or_never_does_not_move() -> None:
    once = placed(past(np.array([3 + 4j]), np.zeros(1)), 1.0)
    np.testing.assert_allclose(once[:4], [3, 4, 0, 0])
    never = placed(past(np.full(1, np.nan + 0j), np.full(1, np.nan)), 1.0)
    assert np.isnan(never[:2]).all()
    assert not moves(np.stack([once, never])).any()
    assert not seen(going(at=3 + 4j)).shift(np.stack([once, never])).any()


def test_nobody_is_nowhere() -> None:
    none = np.zeros((0, 2))
    nobody = Past(np.zeros((0, 4, 2)), np.zeros((0, 4)), none, none, np.zeros(0, np.int64), np.zeros(0))
    found = places(encode(nobody, WINDOW), np.zeros(0), WINDOW)
    assert found.shape == (0, 8)
    assert crowd().shift(found).shape == (0, K, 2)
