"""The learned forecaster against what its stand-ins are known to answer, and with a real model file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contracts import boxes
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.runtime import Runtime
from edge.contracts.track_windows import decode, encode
from edge.contracts.types import F32, Forecasts, Head, Tracks
from edge.forecast.fitting import refuse_unfit
from edge.forecast.learned import LearnedForecaster, Spoken
from edge.forecast.past import past_of
from edge.forecast.settings import ForecastSettings
from edge.forecast.shipped import shipped_model
from edge.forecast.straight import ConstantVelocity
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.rigs import track_oracle
from tests.rigs.tracks import tracks
from tests.rigs.trajectories import (
    HORIZONS_S,
    WINDOW,
    StandIn,
    nonsense,
    nothing_new,
    on_the_same_circle,
    trajectory_bundle,
    window,
    write_rearranger,
)

ASPECT = 16 / 9
SETTINGS = ForecastSettings()
AS_TAUGHT = np.ones(len(HORIZONS_S))
STRAIGHT = ConstantVelocity(SETTINGS)
SIZE = np.array([0.05, 0.2])  # of a box, frame fractions
AGES_S = np.arange(10, -1, -1) * 0.2


def moving(paths: list[Any]) -> Tracks:
    """Tracks whose centres at each age are those (11, 2) frame fractions; the velocity is that of the last step."""
    centre = np.array(paths, np.float64).reshape(len(paths), len(AGES_S), 2)
    history = np.concatenate([centre - SIZE / 2, centre + SIZE / 2], axis=-1).astype(np.float32)
    speed = (centre[:, -1] - centre[:, -2]) / 0.2
    made = tracks(history[:, -1].tolist(), velocity=np.concatenate([speed, speed], axis=1).tolist())
    age = np.broadcast_to(AGES_S, (len(paths), len(AGES_S))).astype(np.float32)
    return replace(made, history=history, history_age_s=age)


def line(x: float, speed: float = 0.05) -> F32:
    """To the right."""
    return np.stack([x - speed * AGES_S, np.full(len(AGES_S), 0.5)], axis=1).astype(np.float32)


def learned(runtime: Runtime, labels: tuple[str, ...] = ("person", "car")) -> LearnedForecaster:
    return LearnedForecaster(runtime, SETTINGS, STRAIGHT, ASPECT, labels)


def spoken(runtime: Runtime, now: Tracks) -> Spoken:
    return learned(runtime).speak(now, STRAIGHT.forecast(now), AS_TAUGHT)


def same(one: Forecasts, other: Forecasts) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Forecasts.__slots__)


def test_nothing_there() -> None:
    runtime = StandIn(nothing_new)
    ahead = learned(runtime).forecast(Tracks.empty(history=8))
    assert ahead.box.shape == (0, 4, 4)
    assert ahead.mode_centre.shape == (0, 1, 4, 2)
    assert runtime.calls == 0


def test_who_foresees_no_departure_says_what_the_straight_line_says() -> None:
    now = moving([line(0.3), line(0.6, -0.1)])
    ahead, own = spoken(StandIn(nothing_new), now)
    assert own.all()
    np.testing.assert_allclose(ahead.box, STRAIGHT.forecast(now).box, atol=1e-6)


def test_a_circle_is_followed_in_a_picture_that_is_wider_than_high() -> None:
    rate, radius = 0.8, 0.25  # radians per second, frame heights

    def circle(t_s: Any) -> Any:
        angle = rate * np.asarray(t_s)
        return np.stack([0.5 + radius / ASPECT * np.cos(angle), 0.5 + radius * np.sin(angle)], axis=-1)

    now = moving([circle(-AGES_S)])
    truth = circle(HORIZONS_S)
    far = {
        name: np.abs(boxes.centre(ahead.box[0]) - truth).max()
        for name, ahead in {
            "straight": STRAIGHT.forecast(now),
            "learned": learned(StandIn(on_the_same_circle)).forecast(now),
        }.items()
    }
    assert far["straight"] > 0.3
    assert far["learned"] < 0.06


def test_sigma_and_size_are_in_the_right_units() -> None:
    now = moving([line(0.3)])
    ahead = learned(StandIn(nothing_new, log_sigma=float(np.log(0.25)))).forecast(now)
    heights = 0.25 * 0.2 * np.array(HORIZONS_S) / WINDOW.step_s  # of the frame
    expected = np.minimum(heights * np.sqrt(0.5 + 0.5 / ASPECT**2), SETTINGS.max_sigma)
    np.testing.assert_allclose(ahead.sigma[0], expected, rtol=1e-5)
    np.testing.assert_allclose(boxes.size(ahead.box), boxes.size(STRAIGHT.forecast(now).box), atol=1e-6)


def test_sigma_is_stretched_horizon_by_horizon() -> None:
    forecaster, now = learned(StandIn(nothing_new)), moving([line(0.3)])
    plain, stretch = STRAIGHT.forecast(now), np.array([1.0, 2.0, 0.5, 1.0])
    taught = forecaster.speak(now, plain, AS_TAUGHT).forecasts
    for ahead in (forecaster.speak(now, plain, stretch).forecasts, forecaster.again(now, plain)):
        np.testing.assert_allclose(ahead.sigma, taught.sigma * stretch, rtol=1e-5)
        np.testing.assert_allclose(ahead.mode_sigma, taught.mode_sigma * stretch, rtol=1e-5)


def test_more_tracks_than_one_call_takes() -> None:
    runtime = StandIn(on_the_same_circle)
    random = np.random.default_rng(0)
    now = moving([line(x, speed) for x, speed in random.uniform((0.2, -0.1), (0.8, 0.1), (40, 2))])
    ahead, own = spoken(runtime, now)
    assert (runtime.calls, int(own.sum())) == (2, 40)
    for row in (0, 31, 32, 39):
        alone = spoken(StandIn(on_the_same_circle), now[np.array([row])]).forecasts
        np.testing.assert_allclose(ahead.box[row], alone.box[0], atol=1e-6)


def jumping() -> F32:
    path = line(0.3)
    path[:6] += np.array([0.5, -0.3], np.float32)
    return path


def young() -> F32:
    path = line(0.3)
    path[:-2] = np.nan
    return path


def infinite() -> F32:
    path = line(0.3)
    path[-5] = np.inf
    return path


@pytest.mark.parametrize("path", [jumping(), young(), infinite(), line(0.3, 9.0), line(0.3) * np.nan])
def test_a_track_that_makes_no_sense_falls_back_alone(path: F32) -> None:
    now = moving([path, line(0.5)])
    now = replace(now, history_age_s=np.where(np.isnan(now.history[..., 0]), np.nan, now.history_age_s))
    plain = STRAIGHT.forecast(now)
    ahead, own = spoken(StandIn(on_the_same_circle), now)
    assert own.tolist() == [False, True]
    np.testing.assert_array_equal(ahead.box[0], plain.box[0])
    np.testing.assert_array_equal(ahead.sigma[0], plain.sigma[0])
    np.testing.assert_array_equal(ahead.mode_centre[0, 0], plain.mode_centre[0, 0])
    assert np.isfinite(ahead.box[1]).all()


def test_answers_that_are_no_numbers_fall_back_row_by_row() -> None:
    def half_nonsense(x: F32, of: Any) -> F32:
        answer = nothing_new(x, of)
        answer[1] = np.nan
        return answer

    now = moving([line(0.3), line(0.4), line(0.5)])
    assert spoken(StandIn(half_nonsense), now).own.tolist() == [True, False, True]
    assert spoken(StandIn(nonsense), now).own.tolist() == [False] * 3
    assert same(spoken(StandIn(nonsense), now).forecasts, STRAIGHT.forecast(now))


def test_an_answer_far_outside_the_picture_is_not_believed() -> None:
    now = moving([line(0.3)])
    _, own = spoken(StandIn(lambda x, of: nothing_new(x, of) + 1e4), now)
    assert own.tolist() == [False]


def test_what_was_said_moves_on_with_the_tracks() -> None:
    runtime = StandIn(on_the_same_circle)
    forecaster, now = learned(runtime), moving([line(0.3), line(0.5, 0.1)])
    first = forecaster.speak(now, STRAIGHT.forecast(now), AS_TAUGHT).forecasts
    again = forecaster.again(now, STRAIGHT.forecast(now))
    for name in Forecasts.__slots__:
        np.testing.assert_allclose(getattr(again, name), getattr(first, name), atol=1e-6)

    step = np.array([0.1, 0, 0.1, 0], np.float32)
    later = replace(now, id=np.array([3, 2]), box=now.box + step)  # the first is gone, another came
    plain = STRAIGHT.forecast(later)
    moved = forecaster.again(later, plain)
    np.testing.assert_array_equal(moved.box[0], plain.box[0])
    np.testing.assert_allclose(moved.box[1], first.box[1] + step, atol=1e-6)
    assert runtime.calls == 1
    assert len(forecaster.again(Tracks.empty(8), STRAIGHT.forecast(Tracks.empty(8)))) == 0


def test_what_was_said_turns_with_the_tracks() -> None:
    def circle(t_s: Any) -> Any:
        angle = 1.2 * np.asarray(t_s)
        return np.stack([0.5 + 0.2 / ASPECT * np.cos(angle), 0.5 + 0.2 * np.sin(angle)], axis=-1)

    before, now = moving([circle(-AGES_S)]), moving([circle(0.2 - AGES_S)])
    forecaster = learned(StandIn(on_the_same_circle))
    forecaster.forecast(before)
    again = boxes.centre(forecaster.again(now, STRAIGHT.forecast(now)).box)
    fresh = boxes.centre(learned(StandIn(on_the_same_circle)).forecast(now).box)
    straight = boxes.centre(STRAIGHT.forecast(now).box)
    assert np.abs(again - fresh).max() < 0.02
    assert np.abs(straight - fresh).max() > 0.5


def test_before_anything_was_said_there_is_only_the_straight_line() -> None:
    now = moving([line(0.3)])
    assert same(learned(StandIn(nonsense)).again(now, STRAIGHT.forecast(now)), STRAIGHT.forecast(now))


def test_the_ways_are_kept_and_summed_up() -> None:
    def left_or_right(tensor: Any) -> tuple[F32, ...]:
        mean = np.zeros((32, 2, 4, 2), np.float32)
        mean[:, 0, :, 1], mean[:, 1, :, 1] = 0.5, -0.5
        logit = np.tile(np.log(np.array([3, 1], np.float32)), (32, 1))
        return logit, mean, np.full((32, 2, 4), -3, np.float32)

    runtime = StandIn(nothing_new, bundle=trajectory_bundle(window(modes=2)))
    runtime.invoke = left_or_right  # type: ignore[method-assign]
    now = moving([line(0.5), young()])
    now = replace(now, history_age_s=np.where(np.isnan(now.history[..., 0]), np.nan, now.history_age_s))
    ahead = learned(runtime).forecast(now)
    np.testing.assert_allclose(ahead.mode_weight, np.array([[0.75, 0.25], [1, 0]]), atol=1e-6)
    aside = ahead.mode_centre[0, :, -1, 1] - 0.5
    np.testing.assert_allclose(aside, [0.5 * 0.2 * 12, -0.5 * 0.2 * 12], atol=1e-5)
    np.testing.assert_allclose(boxes.centre(ahead.box)[0, -1, 1] - 0.5, 0.6, atol=1e-5)
    assert ahead.sigma[0, 0] > 3 * ahead.mode_sigma[0, 0, 0]  # the two ways together are wide


def test_tracks_and_plain_forecasts_are_left_alone() -> None:
    now = moving([line(0.3), line(0.5)])
    plain = STRAIGHT.forecast(now)
    columns = [getattr(one, name) for one in (now, plain) for name in type(one).__slots__]
    before = [column.copy() for column in columns]
    for column in columns:
        column.flags.writeable = False
    learned(StandIn(on_the_same_circle)).speak(now, plain, AS_TAUGHT)
    assert all(np.array_equal(column, old) for column, old in zip(columns, before, strict=True))


def test_a_real_file_rearranges_what_it_is_told(tmp_path: Path) -> None:
    def as_the_file(x: F32, of: Any) -> F32:
        return x[:, -len(of.horizons_s) :, :2]

    bundle = read_bundle(write_rearranger(tmp_path / "model.tflite"))
    assert (bundle.head, bundle.window) == (Head.TRAJECTORY, WINDOW)
    random = np.random.default_rng(1)
    now = moving([line(x, speed) for x, speed in random.uniform((0.2, -0.1), (0.8, 0.1), (5, 2))])
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        ahead, own = spoken(runtime, now)
    assert own.all()
    np.testing.assert_allclose(ahead.box, spoken(StandIn(as_the_file, 1.0), now).forecasts.box, atol=1e-6)
    assert not np.allclose(ahead.box, STRAIGHT.forecast(now).box, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"head": Head.SERIES}, "a model of the kind series, and forecasts need one of the kind trajectory"),
        ({"window": None}, "forecasts need one of the kind trajectory"),
        ({"window": window(horizons_s=(1.0, 2.0))}, "write horizons_s: [1, 2], or name another model"),
        ({"window": window(neighbours=3)}, "made by another version"),
        ({"window": window(step_s=30.0)}, "looks back 240 s, and histories reach 60 s at most"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_what_to_do(change: dict[str, Any], said: str) -> None:
    assert refuse_unfit(trajectory_bundle(), HORIZONS_S) == WINDOW
    with pytest.raises(ModelError, match=r"turner\.tflite") as refused:
        refuse_unfit(replace(trajectory_bundle(), **change), HORIZONS_S)
    assert said in str(refused.value)


@pytest.mark.parametrize("stretched", [1.0, 1.7])
def test_what_is_told_is_what_plain_arithmetic_makes_of_the_answer(stretched: float) -> None:
    shipped = shipped_model()
    assert shipped is not None
    dice, stretch = np.random.default_rng(4), np.full(len(HORIZONS_S), stretched)
    bends = dice.normal(0, 0.01, (30, 1, 2)) * AGES_S[:, None] ** 2 + dice.normal(0, 0.05, (30, 1, 2)) * AGES_S[:, None]
    now = moving(list(dice.uniform(0.2, 0.8, (30, 1, 2)) + bends))
    turned_by = dice.normal(0, 0.02, (30, 2))
    off = np.concatenate([turned_by, turned_by], axis=1).astype(np.float32)
    later = replace(now, box=now.box + off, velocity=now.velocity + off)
    with open_runtime(read_bundle(shipped), RuntimeSettings(threads=1)) as runtime:
        made = LearnedForecaster(runtime, SETTINGS, STRAIGHT, ASPECT, ("person", "car"))
        said = made.speak(now, STRAIGHT.forecast(now), stretch)
        again = made.again(later, STRAIGHT.forecast(later))
        past = past_of(now, ASPECT, np.array([2, 1]))
        answer = made._asked(track_oracle.encoded(past, runtime.bundle.window))  # type: ignore[arg-type]
    assert said.own.all()
    mixture = decode(answer, encode(past, refuse_unfit(runtime.bundle, HORIZONS_S)), runtime.bundle.window)  # type: ignore[arg-type]
    mixture = replace(mixture, sigma=mixture.sigma * stretch)
    moved = track_oracle.moved_on(mixture, now, later, np.array(HORIZONS_S), ASPECT)
    for told, wanted, at in ((said.forecasts, mixture, now), (again, moved, later)):
        plain = track_oracle.told(STRAIGHT.forecast(at), wanted, mixture.told_sigma(), ASPECT, SETTINGS.max_sigma)
        for name in ("box", "sigma", "mode_weight", "mode_centre", "mode_sigma"):
            np.testing.assert_allclose(getattr(told, name), getattr(plain, name), atol=1e-6, err_msg=name)


def test_who_comes_in_another_order_keeps_what_was_said_of_him() -> None:
    now, order = moving([line(0.3), line(0.6, -0.1), line(0.5, 0.2)]), np.array([2, 0, 1])
    made = learned(StandIn(on_the_same_circle))
    made.speak(now, STRAIGHT.forecast(now), AS_TAUGHT)
    straight, mixed = made.again(now, STRAIGHT.forecast(now)), now[order]
    other = made.again(mixed, STRAIGHT.forecast(mixed))
    np.testing.assert_allclose(other.box, straight.box[order], atol=1e-6)
    np.testing.assert_allclose(other.mode_weight, straight.mode_weight[order], atol=1e-6)


@pytest.mark.parametrize(
    ("velocity", "turned"),
    [((0.05, 0.0), False), ((0.055, 0.0), False), ((0.05, 0.06), True), ((-0.05, 0.0), True), ((0.2, 0.0), True)],
)
def test_who_moves_on_as_he_did_has_not_turned(velocity: tuple[float, float], turned: bool) -> None:
    now, made = moving([line(0.3), line(0.6)]), learned(StandIn(nothing_new))
    assert made.turned(now)  # nobody was asked yet
    made.speak(now, STRAIGHT.forecast(now), AS_TAUGHT)
    one_turns = now.velocity.copy()
    one_turns[1] = (*velocity, *velocity)
    assert made.turned(replace(now, velocity=one_turns)) is turned
    assert made.turned(now[np.array([0])])


def test_nobody_there_has_not_turned() -> None:
    assert not learned(StandIn(nothing_new)).turned(Tracks.empty(history=8))


def test_nothing_said_of_anybody_moves_nobody() -> None:
    now, made = moving([line(0.3), line(0.6)]), learned(StandIn(nonsense))
    made.speak(now, STRAIGHT.forecast(now), AS_TAUGHT)
    again = made.again(now, STRAIGHT.forecast(now))
    np.testing.assert_array_equal(again.box, STRAIGHT.forecast(now).box)
