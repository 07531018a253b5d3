"""Tracked paths become tensors and the network's answers become positions again."""

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_grid import Past, resampled
from edge.contracts.track_mixture import Mixture
from edge.contracts.track_windows import (
    MOTION_COLUMNS,
    STATE_COLUMNS,
    Answer,
    Encoded,
    columns,
    decode,
    departure,
    encode,
    input_shape,
)
from edge.contracts.windows import TrackWindow
from tests.rigs import track_oracle

STEP_S = 0.4
STEP_X, STEP_Y, X, Y, PRESENT, ELAPSED = range(len(MOTION_COLUMNS))
LOG_SCALE, COS, SIN, ASPECT, LOST = range(len(MOTION_COLUMNS), len(MOTION_COLUMNS) + len(STATE_COLUMNS))
OTHERS = len(MOTION_COLUMNS) + len(STATE_COLUMNS)


def window(samples: int = 8, labels: tuple[str, ...] = (), neighbours: int = 0, modes: int = 1) -> TrackWindow:
    return TrackWindow(32, samples, STEP_S, (0.4, 0.8, 4.8), modes, labels, neighbours)


def past(
    position: np.ndarray, age_s: np.ndarray | None = None, height: float = 0.0, label: int = -1, lost_s: float = 0.0
) -> Past:
    """Tracks (T, H, 2), newest last, `STEP_S` apart unless `age_s` (T, H) says otherwise."""
    position = np.asarray(position, np.float64)
    t, h = position.shape[:2]
    ages = np.tile(np.arange(h - 1, -1, -1) * STEP_S, (t, 1)) if age_s is None else np.asarray(age_s, np.float64)
    velocity = np.zeros((t, 2))
    if h > 1:
        velocity = (position[:, -1] - position[:, -2]) / (ages[:, -2:-1] - ages[:, -1:])
    size = np.tile([height / 2, height], (t, 1))
    return Past(position, ages, velocity, size, np.full(t, label, np.int64), np.full(t, lost_s))


def walk(
    velocity: tuple[float, float] = (1.0, 0.5), samples: int = 8, end: tuple[float, float] = (3.0, 4.0)
) -> np.ndarray:
    """(1, samples, 2) along a straight line, `velocity` per second, newest at `end`."""
    age = np.arange(samples - 1, -1, -1) * STEP_S
    return (np.array(end) - age[:, None] * np.array(velocity))[None]


def answer(rows: int, mean: float = 0.0, modes: int = 1) -> Answer:
    return Answer(np.zeros((rows, modes)), np.full((rows, modes, 3, 2), mean), np.zeros((rows, modes, 3)))


def turned(position: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return position @ np.array([[cos, sin], [-sin, cos]])


def test_nothing_there_is_nothing_forecast() -> None:
    encoded = encode(past(np.zeros((0, 8, 2))), window(neighbours=4))
    assert encoded.x.shape == (0, 8, columns(window(neighbours=4)))
    assert len(decode(answer(32), encoded, window())) == 0


def test_an_empty_history_is_all_absent_and_its_place_is_unknown() -> None:
    encoded = encode(past(np.zeros((2, 0, 2))), window())
    assert not encoded.x[..., PRESENT].any()
    assert np.isfinite(encoded.x).all()
    assert np.isnan(encoded.origin).all()


def test_the_input_has_room_for_labels_and_neighbours() -> None:
    assert input_shape(window(labels=("car", "person"), neighbours=3)) == (32, 8, 6 + 5 + 2 + 3 * 4)
    x = encode(past(walk(), label=1), window(labels=("car", "person"))).x
    assert x[0, :, OTHERS:].tolist() == [[0.0, 1.0]] * 8
    assert not encode(past(walk(), label=-1), window(labels=("car", "person"))).x[0, :, OTHERS:].any()


def test_a_straight_walk_goes_along_the_x_axis_in_steps_of_one() -> None:
    x = encode(past(walk((1.0, 0.5))), window()).x[0]
    assert x[1:, STEP_X] == pytest.approx(np.ones(7), abs=1e-5)
    assert x[:, [STEP_Y, Y]] == pytest.approx(np.zeros((8, 2)), abs=1e-5)
    assert x[:, X] == pytest.approx(np.arange(-7, 1) / 4, abs=1e-5)
    assert x[:, PRESENT].tolist() == [1.0] * 8
    assert x[0, LOG_SCALE] == pytest.approx(np.log(np.hypot(1.0, 0.5) * STEP_S), abs=1e-5)


@pytest.mark.parametrize("angle", [0.3, 1.9, -2.5])
def test_only_the_heading_tells_that_the_world_was_turned(angle: float) -> None:
    path = np.cumsum(np.random.default_rng(3).normal((0.5, 0.1), 0.1, (4, 8, 2)), axis=1)
    seen = window(neighbours=2)
    first, second = encode(past(path), seen), encode(past(turned(path, angle)), seen)
    others = [column for column in range(columns(seen)) if column not in (COS, SIN)]
    assert second.x[..., others] == pytest.approx(first.x[..., others], abs=1e-5)
    assert (second.x[..., [COS, SIN]] != first.x[..., [COS, SIN]]).any()
    told = Answer(np.zeros((4, 1)), np.random.default_rng(4).normal(size=(4, 1, 3, 2)), np.zeros((4, 1, 3)))
    assert decode(told, second, seen).mean == pytest.approx(turned(decode(told, first, seen).mean, angle))


def test_no_departure_is_the_straight_line() -> None:
    found = decode(answer(32), encode(past(walk((1.0, 0.5), end=(3.0, 4.0))), window()), window())
    assert found.mean[0, 0].tolist() == pytest.approx(np.array([[3.4, 4.2], [3.8, 4.4], [7.8, 6.4]]))
    assert found.sigma[0, 0] == pytest.approx(np.hypot(0.4, 0.2) * np.array([1.0, 2.0, 12.0]))


@pytest.mark.parametrize("height", [0.0, 0.2])
def test_what_decoding_undoes_is_what_training_asks_for(height: float) -> None:
    random = np.random.default_rng(5)
    encoded = encode(past(np.cumsum(random.normal(0.1, 0.2, (6, 8, 2)), axis=1), height=height), window())
    future = random.normal(0, 3, (6, 3, 2))
    told = Answer(np.zeros((6, 1)), departure(future, encoded, window())[:, None], np.zeros((6, 1, 3)))
    assert decode(told, encoded, window()).point() == pytest.approx(future)


def test_in_a_picture_the_scale_is_the_height_of_the_box() -> None:
    encoded = encode(past(walk(), height=0.25), window())
    assert encoded.scale.tolist() == [0.25]
    assert encoded.x[0, 0, ASPECT] == pytest.approx(np.log(0.5))
    assert encoded.x[0, 1:, STEP_X] == pytest.approx(np.full(7, np.hypot(1.0, 0.5) * STEP_S / 0.25), abs=1e-5)


def test_who_is_still_has_no_heading_and_the_least_scale() -> None:
    encoded = encode(past(np.ones((1, 8, 2))), window())
    assert encoded.scale.tolist() == [0.1]
    assert encoded.x[0, 0, [COS, SIN]].tolist() == [0.0, 0.0]
    assert np.isfinite(encoded.x).all()


def test_irregular_times_are_brought_to_the_grid() -> None:
    age = np.array([[2.95, 2.4, 1.9, 1.33, 0.81, 0.37, 0.0]])
    position = np.array([3.0, 4.0]) - age[..., None] * np.array([1.0, 0.5])
    x = encode(past(position, age), window()).x[0]
    assert x[4, ELAPSED] == pytest.approx((1.33 - 1.2) / STEP_S / 4)
    assert x[:, [STEP_X, X]] == pytest.approx(encode(past(walk((1.0, 0.5))), window()).x[0][:, [STEP_X, X]], abs=1e-5)


def test_a_young_track_is_absent_before_it_was_seen() -> None:
    x = encode(past(walk(samples=3)), window()).x[0]
    assert x[:, PRESENT].tolist() == [0.0] * 5 + [1.0] * 3
    assert not x[:5, [STEP_X, STEP_Y, X, Y]].any()
    assert x[5, STEP_X] == 0.0  # nothing is known of the node before
    assert x[6:, STEP_X] == pytest.approx(np.ones(2), abs=1e-5)


def test_a_missing_sample_is_bridged_and_the_gap_is_told() -> None:
    whole = walk()
    holed = past(np.where(np.arange(8)[:, None] == 4, np.nan, whole))
    x, full = encode(holed, window()).x[0], encode(past(whole), window()).x[0]
    assert x[:, ELAPSED].tolist() == [0.0] * 4 + [0.25] + [0.0] * 3
    others = [column for column in range(x.shape[1]) if column != ELAPSED]
    assert x[:, others] == pytest.approx(full[:, others], abs=1e-5)


def test_a_lost_track_goes_on_along_its_velocity_and_says_that_it_is_lost() -> None:
    seen = past(walk((1.0, 0.0), end=(3.0, 4.0)), np.arange(9, 1, -1)[None] * STEP_S, lost_s=0.8)
    encoded = encode(seen, window())
    assert encoded.origin[0].tolist() == pytest.approx([3.8, 4.0])
    assert encoded.x[0, :, PRESENT].tolist() == [1.0] * 6 + [0.0] * 2
    assert encoded.x[0, 0, LOST] == pytest.approx(0.5)


def test_what_lies_before_a_jump_is_another_objects() -> None:
    path = walk((1.0, 0.0))
    path[:, :4] += 50.0
    x = encode(past(path), window()).x[0]
    assert x[:, PRESENT].tolist() == [0.0] * 4 + [1.0] * 4
    assert x[5:, STEP_X] == pytest.approx(np.ones(3), abs=1e-5)
    assert encode(past(path), window()).scale == pytest.approx([0.4])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_count_as_absent(bad: float) -> None:
    path = walk()
    path[0, 2:5, 1] = bad
    path[0, 6] = bad
    spoiled = past(path)
    spoiled.velocity[:] = bad
    spoiled.size[:] = bad
    encoded = encode(spoiled, window(neighbours=2))
    assert np.isfinite(encoded.x).all()
    assert encoded.origin[0].tolist() == [3.0, 4.0]


def test_neighbours_are_seen_along_the_own_heading_and_the_nearest_comes_first() -> None:
    north = walk((0.0, 1.0), end=(0.0, 0.0))
    beside, far = walk((0.0, 2.0), end=(1.0, 0.0)), walk((0.0, 1.0), end=(0.0, 30.0))
    x = encode(past(np.concatenate([north, far, beside])), window(neighbours=3)).x[0, -1, OTHERS:].reshape(3, 4)
    assert x[0] == pytest.approx([0.0, -1 / (1 + 2.5 / 4), 1.0, 0.0], abs=1e-5)  # to the right, and faster
    assert x[1] == pytest.approx([1 / (1 + 75 / 4), 0.0, 0.0, 0.0], abs=1e-5)
    assert not x[2].any()


def test_more_tracks_than_a_call_takes_are_encoded_all_the_same() -> None:
    crowd = past(np.repeat(walk(), 100, axis=0) + np.arange(100)[:, None, None])
    assert encode(crowd, window(neighbours=4)).x.shape == (100, 8, 11 + 16)


def test_nothing_is_written_into_what_was_given() -> None:
    given = past(walk())
    before = [part.copy() for part in (given.position, given.age_s, given.velocity, given.size)]
    encoded = encode(given, window(neighbours=1))
    decode(answer(32), encoded, window())
    for part, copy in zip((given.position, given.age_s, given.velocity, given.size), before, strict=True):
        assert np.array_equal(part, copy)


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        Past(np.zeros((1, 8, 2)), np.zeros((1, 7)), np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(1, int), np.zeros(1))


def test_a_model_that_answers_with_no_number_is_refused() -> None:
    with pytest.raises(ModelError, match="finite"):
        decode(answer(32, np.nan), encode(past(walk()), window()), window())


def test_a_grid_without_a_sample_nearby_says_so() -> None:
    grid = resampled(past(walk(samples=1)), 4, STEP_S)
    assert grid.present.tolist() == [[False, False, False, True]]
    assert grid.elapsed_s[0].tolist() == pytest.approx([1.2, 0.8, 0.4, 0.0])


def left_or_right() -> Mixture:
    mean = np.zeros((1, 2, 1, 2))
    mean[0, :, 0, 1] = (-2.0, 2.0)
    return Mixture(np.array([[0.25, 0.75]]), mean, np.full((1, 2, 1), 0.1))


def test_a_mixture_keeps_left_and_right_apart() -> None:
    mixture = left_or_right()
    assert mixture.likeliest().tolist() == [[[0.0, 2.0]]]
    assert mixture.point().tolist() == [[[0.0, 1.0]]]
    drawn = mixture.drawn(4000, np.random.default_rng(1))[0, :, 0, 1]
    assert (np.abs(np.abs(drawn) - 2) < 0.5).all()
    assert (drawn > 0).mean() == pytest.approx(0.75, abs=0.03)


def test_two_thirds_of_what_is_drawn_lie_within_the_sigma_that_is_told() -> None:
    mixture = left_or_right()
    apart = np.abs(mixture.drawn(20_000, np.random.default_rng(2)) - mixture.point()[:, None])
    assert (apart[0, :, 0] < mixture.told_sigma()[0, 0]).mean() == pytest.approx(WITHIN, abs=0.01)


def test_encoded_says_how_many_tracks_it_holds() -> None:
    assert len(Encoded(np.zeros((3, 8, 11), np.float32), np.ones(3), *(np.zeros((3, 2)),) * 3)) == 3


def strewn(seed: int, boxed: bool) -> Past:
    """Paths with samples when they come: absent ones, jumps, who is lost, who has just begun, ages on the nodes."""
    dice = np.random.default_rng(seed)
    t, h = 24, 14
    age = np.sort(dice.uniform(0, 6, (t, h)), axis=1)[:, ::-1].copy()
    age[:8] = np.arange(h - 1, -1, -1) * STEP_S
    age[4:8] += dice.uniform(0, 0.5, (4, 1))
    position = np.cumsum(dice.normal(0, 0.05, (t, h, 2)), axis=1) + dice.uniform(0, 1, (t, 1, 2))
    position[9, :6] += 30.0
    age[dice.random((t, h)) < 0.1] = np.nan
    position[dice.random((t, h)) < 0.05] = np.nan
    age[10, :-1], age[11] = np.nan, np.nan
    size = np.tile([0.1, 0.3], (t, 1)) if boxed else np.where(dice.random((t, 1)) < 0.5, np.nan, [[0.1, 0.3]])
    velocity = dice.normal(0, 0.2, (t, 2))
    velocity[3] = np.nan
    return Past(position, age, velocity, size, dice.integers(-1, 2, t), np.where(dice.random(t) < 0.2, np.nan, 0.3))


@pytest.mark.parametrize("boxed", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_what_the_network_sees_is_what_plain_arithmetic_makes_of_the_paths(seed: int, boxed: bool) -> None:
    given, seen = strewn(seed, boxed), window(samples=9, labels=("car", "person"), neighbours=seed % 3)
    plain, quick = track_oracle.resampled(given, 9, STEP_S), resampled(given, 9, STEP_S)
    np.testing.assert_array_equal(quick.present, plain.present)
    np.testing.assert_allclose(quick.position, plain.position, atol=1e-9)
    np.testing.assert_allclose(quick.elapsed_s, plain.elapsed_s, atol=1e-9)
    np.testing.assert_allclose(encode(given, seen).x, track_oracle.encoded(given, seen), atol=1e-6)


def test_the_order_of_the_samples_does_not_matter() -> None:
    given = strewn(1, boxed=True)
    mixed = np.random.default_rng(0).permutation(given.age_s.shape[1])
    other = Past(given.position[:, mixed], given.age_s[:, mixed], given.velocity, given.size, given.label, given.lost_s)
    np.testing.assert_allclose(encode(other, window()).x, encode(given, window()).x, atol=1e-6)
