"""Flow maps: what was seen at a place shifts those who go there likewise, in their own measure, and nobody else."""

from dataclasses import replace

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.flow_kernel import BEND, FAR, MOTION, NEAR, PACE, SHAPE, WIDE
from edge.contracts.flow_map import (
    ANCHORS,
    PLACE_COLUMNS,
    STILL,
    FlowMap,
    motions,
    moves,
    numbers_of,
    place_columns,
    places,
    ways,
)
from edge.contracts.track_grid import C128, Past
from edge.contracts.track_windows import encode
from edge.contracts.types import F32, F64
from edge.contracts.windows import TrackWindow

K, S, LENGTH = 2, 8, 0.2
WINDOW = TrackWindow(S, 8, 0.5, (0.5, 2.0), 1, (), 0)
COLUMNS = len(PLACE_COLUMNS) + 2 * S
EAST = 0.0
OFF = np.array([[0.5, -0.25], [1.5, -1.0]])  # lengths


def going(
    direction: float = EAST, at: complex = 0.5 + 0.5j, speed: float = 1.0, length: float = LENGTH, bend: float = 0.0
) -> F32:
    """(1, 8 + 2 S) one track; speed in lengths per second, bend in radians by which each step differs from the next."""
    velocity = speed * length * np.exp(1j * direction)
    row = [at.real, at.imag, velocity.real, velocity.imag, length, length, np.cos(direction), np.sin(direction)]
    steps = speed * WINDOW.step_s * np.exp(-1j * bend * np.arange(S - 1, -1, -1))
    return np.array([[*row, *steps.astype(np.complex128).view(np.float64)]], np.float32)


def seen(one: F32, off: F64 = OFF) -> FlowMap:
    """A map of one anchor, by which those who go just there are shifted so many lengths."""
    pull = off @ (1, 1j) * float(one[0, 4]) / (2 * ways(one))
    return FlowMap(motions(one), np.stack([pull.real, pull.imag], axis=-1)[None])


def some(count: int, seed: int = 1) -> F32:
    """(count, 8 + 2 S) tracks of all kinds; all of them move."""
    random = np.random.default_rng(seed)
    return np.concatenate(
        [
            going(
                random.uniform(-np.pi, np.pi),
                complex(*random.random(2)),
                random.uniform(0.3, 3),
                random.uniform(0.1, 0.4),
                random.uniform(-0.5, 0.5),
            )
            for _ in range(count)
        ]
    )


def crowd(count: int = 40, seed: int = 2) -> FlowMap:
    return FlowMap(motions(some(count, seed)), np.random.default_rng(seed).normal(0, 0.3, (count, K, 2)))


NOTHING = FlowMap(np.zeros((0, MOTION + 2 * S)), np.zeros((0, K, 2)))


def turned(vector: F64, angle: float) -> F64:
    both = (vector[..., 0] + 1j * vector[..., 1]) * np.exp(1j * angle)
    return np.stack([both.real, both.imag], axis=-1)


def alike(*off: tuple[float, float]) -> float:
    """The kernel of who differs by these, each as (narrow, wide) standard deviations, as a share of the same twice."""
    return float(np.exp(-0.5 * (np.array(off) ** 2).sum(axis=0)).sum() / 2)


def test_an_empty_map_shifts_nothing() -> None:
    assert len(NOTHING) == 0
    assert not NOTHING.shift(some(5)).any()
    assert NOTHING.shift(some(5)).shape == (5, K, 2)
    assert crowd().shift(np.zeros((0, COLUMNS), np.float32)).shape == (0, K, 2)


@pytest.mark.parametrize("direction", [EAST, 2.0, np.pi, -1.0])
@pytest.mark.parametrize("speed", [1.05 * STILL, 1.0, 3.0])
def test_who_goes_where_others_went_is_shifted_likewise(direction: float, speed: float) -> None:
    one = going(direction, speed=speed)
    np.testing.assert_allclose(seen(one).shift(one)[0], OFF * LENGTH, rtol=1e-5)


@pytest.mark.parametrize(
    ("other", "most"),
    [
        (going(at=0.5 + 27 * LENGTH + 0.5j), 1e-3),
        (going(at=0.5 + 0.5j - 27j * LENGTH), 1e-3),
        (going(np.pi), 1e-3),
        (going(np.pi / 2), 0.1),
        (going(-np.pi / 2), 0.1),
        (going(speed=30.0), 1e-2),
        (going(speed=0.2), 0.03),
    ],
)
def test_who_goes_elsewhere_or_otherwise_is_not(other: F32, most: float) -> None:
    assert np.abs(seen(going()).shift(other)).max() < most * np.abs(OFF).max() * LENGTH


@pytest.mark.parametrize(
    ("near", "share"),
    [
        (going(at=0.5 + NEAR * LENGTH + 0.5j), alike((1, NEAR / FAR))),
        (going(at=0.5 + (0.5 - FAR * LENGTH) * 1j), alike((FAR / NEAR, 1))),
        (going(BEND), alike((1, BEND / WIDE))),
        (going(-WIDE), alike((WIDE / BEND, 1))),
        (going(speed=float(np.exp(PACE))), alike((1, PACE / WIDE))),
        (going(WIDE, 0.5 + NEAR * LENGTH + 0.5j), alike((1, NEAR / FAR), (WIDE / BEND, 1))),
    ],
)
def test_at_one_standard_deviation_the_kernels_are_those_of_normal_distributions(near: F32, share: float) -> None:
    """And who goes otherwise is shifted along his own way."""
    own, same = ways(near)[0], ways(going())[0]
    expected = turned(OFF, np.angle(own / same)) * abs(own / same) * LENGTH * share
    np.testing.assert_allclose(seen(going()).shift(near)[0], expected, rtol=1e-4, atol=1e-6)


def test_who_came_by_another_path_is_shifted_by_the_narrow_kernel_alone() -> None:
    """It knows no history; the wide one does."""
    straight, bent = going(), going(bend=0.4)
    steps = motions(bent)[0, MOTION:] - motions(straight)[0, MOTION:]
    share = alike((0, float(np.hypot.reduce(steps)) / SHAPE))
    assert 0.5 < share < 0.55
    np.testing.assert_allclose(seen(straight).shift(bent)[0], OFF * LENGTH * share, rtol=1e-5)


def test_west_by_north_is_near_west_by_south() -> None:
    """Directions meet at half a turn."""
    north, south = going(np.pi - 0.05), going(-np.pi + 0.05)
    expected = turned(seen(going(-0.05)).shift(going(0.05)), np.pi)
    np.testing.assert_allclose(seen(north, turned(OFF, np.pi)).shift(south), expected, rtol=1e-4, atol=1e-7)


def test_who_is_twice_as_large_is_shifted_twice_as_far_and_from_twice_as_far() -> None:
    small, large = going(at=0.6 + 0.5j), going(at=0.7 + 0.5j, length=2 * LENGTH)
    np.testing.assert_allclose(seen(going()).shift(large), 2 * seen(going()).shift(small), rtol=1e-5)


@pytest.mark.parametrize("speed", [0.0, 0.99 * STILL])
def test_who_stands_is_not_shifted(speed: float) -> None:
    assert not moves(going(speed=speed)).any()
    assert not seen(going()).shift(going(speed=speed)).any()
    assert seen(going()).shift(np.concatenate([going(speed=speed), going()])).any(axis=(1, 2)).tolist() == [False, True]


def test_what_is_not_known_is_not_shifted() -> None:
    unknown = np.concatenate([np.full((1, COLUMNS), np.nan, np.float32), going()])
    found = seen(going()).shift(unknown)
    assert np.isfinite(found).all()
    assert found.any(axis=(1, 2)).tolist() == [False, True]


def test_it_is_the_sum_of_what_all_anchors_say() -> None:
    """Against a plain calculation, of more tracks than are looked up at a time."""
    flow, place = crowd(), some(150)
    expected = np.zeros((len(place), K, 2))
    for row, (one, mine) in enumerate(zip(place.astype(np.float64), motions(place), strict=True)):
        found = np.zeros((K, 2))
        for anchor, pull in zip(flow.anchor, flow.pull, strict=True):
            far = np.hypot(*(one[:2] - anchor[:2])) / one[4]
            turn = np.angle(np.exp(1j * (mine[2] - anchor[2])))
            pace, shape = mine[3] - anchor[3], np.hypot.reduce(mine[MOTION:] - anchor[MOTION:])
            weight = 2 * alike(
                (far / NEAR, far / FAR), (turn / BEND, turn / WIDE), (pace / PACE, pace / WIDE), (0.0, shape / SHAPE)
            )
            found += weight * pull
        way = ways(place[row : row + 1])[0]
        expected[row] = turned(found, np.angle(way)) * abs(way)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(flow.shift(place), expected, atol=1e-9)


def test_a_world_that_is_turned_is_shifted_likewise() -> None:
    """What an anchor says is said in the way of who goes there; histories are."""
    angle = 2.0

    def all_turned(place: F32) -> F32:
        wide = place.astype(np.float64)
        parts = turned(wide[:, 0:2], angle), turned(wide[:, 2:4], angle), wide[:, 4:6], turned(wide[:, 6:8], angle)
        return np.concatenate([*parts, wide[:, 8:]], axis=1).astype(np.float32)

    there, place, pull = some(20), some(30, 4), np.random.default_rng(5).normal(0, 1, (20, K, 2))
    plain = FlowMap(motions(there), pull).shift(place)
    other = FlowMap(motions(all_turned(there)), pull).shift(all_turned(place))
    assert np.abs(plain).max() > 0.01
    np.testing.assert_allclose(other, turned(plain, angle), atol=1e-5)


def test_a_world_that_is_larger_together_with_its_boxes_is_shifted_farther_by_as_much() -> None:
    larger = np.ones(COLUMNS, np.float32)
    larger[:6] = 3.0
    there, place, pull = some(20), some(30, 4), np.random.default_rng(5).normal(0, 1, (20, K, 2))
    plain = FlowMap(motions(there), pull).shift(place)
    other = FlowMap(motions(there * larger), pull).shift(place * larger)
    np.testing.assert_allclose(other, 3 * plain, atol=1e-5)


def test_numbers_and_back() -> None:
    flow = crowd()
    numbers = flow.numbers()
    assert (numbers.shape, numbers.dtype.name) == ((numbers_of(WINDOW),), "float32")
    again = FlowMap.of(numbers, WINDOW)
    assert len(again) == len(flow) == 40
    for name in ("anchor", "pull"):
        np.testing.assert_allclose(getattr(again, name), getattr(flow, name), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(again.shift(some(20)), flow.shift(some(20)), atol=1e-5)
    assert again.numbers().tobytes() == numbers.tobytes()


def test_numbers_of_nothing_and_of_as_much_as_there_may_be() -> None:
    assert not NOTHING.numbers().any()
    assert len(FlowMap.of(NOTHING.numbers(), WINDOW)) == 0
    full = crowd(ANCHORS)
    assert len(FlowMap.of(full.numbers(), WINDOW)) == ANCHORS


def changed(row: int, column: int, value: float) -> F32:
    table = crowd().numbers().reshape(ANCHORS, -1)
    table[row, column] = value
    return table.ravel()


@pytest.mark.parametrize("length", [0.0, -1.0])
def test_an_anchor_without_a_length_is_left_out(length: float) -> None:
    assert len(FlowMap.of(changed(3, 4, length), WINDOW)) == 39


@pytest.mark.parametrize(
    "numbers",
    [
        np.zeros(0, np.float32),
        crowd().numbers()[:-1],
        np.append(crowd().numbers(), np.float32(0)),
        crowd().numbers().reshape(ANCHORS, -1),
        np.zeros(numbers_of(replace(WINDOW, horizons_s=(0.5, 1.0, 2.0))), np.float32),
        np.zeros(numbers_of(replace(WINDOW, samples=S + 1)), np.float32),
        changed(3, 0, np.nan),
        changed(3, MOTION, np.inf),
        changed(ANCHORS - 1, MOTION + 2 * S, np.nan),  # where nothing was seen
    ],
)
def test_what_is_no_flow_map_is_refused(numbers: F32) -> None:
    with pytest.raises(ModelError, match="flow map"):
        FlowMap.of(numbers, WINDOW)


def test_finite_numbers_however_large_are_no_numbers_too_many() -> None:
    """Of a checkpoint that somebody else made: where squares are nothing but rounding, shifts are still numbers."""
    random = np.random.default_rng(1)
    wild = random.normal(0, 1, numbers_of(WINDOW)).astype(np.float32) * np.float32(1e30)
    assert np.isfinite(FlowMap.of(wild, WINDOW).shift(some(20))).all()
    far = some(20) * np.array([1e15, -1e15, *[1] * (COLUMNS - 2)], np.float32)
    assert not crowd().shift(far).any()


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
    assert (found.shape, found.dtype.name) == ((1, place_columns(WINDOW)), "float32")
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
    led: C128 = np.asarray((path[1:] - path[:-1]) / (scale * heading), np.complex128)
    np.testing.assert_allclose(found[8:], [*[0.0] * (2 * S - 2 * len(led)), *led.view(np.float64)], atol=1e-5)
    expected = [3, 4, velocity.real, velocity.imag, length, scale, heading.real, heading.imag]
    np.testing.assert_allclose(found[:8], expected, atol=1e-5)
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
    assert found.shape == (0, COLUMNS)
    assert crowd().shift(found).shape == (0, K, 2)
