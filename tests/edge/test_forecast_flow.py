"""The learned forecaster with a flow map: all ways go where paths from there led, and nothing else changes."""

from collections.abc import Iterator

import numpy as np
import pytest

from edge.contracts import boxes
from edge.contracts.flow_kernel import MOTION
from edge.contracts.flow_map import FlowMap, motions, places, ways
from edge.contracts.runtime import Runtime
from edge.contracts.track_windows import encode
from edge.contracts.types import F64, Forecasts, Tracks
from edge.forecast.learned import FARTHEST, LearnedForecaster
from edge.forecast.past import past_of
from tests.edge.test_forecast_learned import AS_TAUGHT, ASPECT, SETTINGS, SIZE, STRAIGHT, line, moving, same
from tests.rigs.trajectories import (
    HORIZONS_S,
    WINDOW,
    StandIn,
    nothing_new,
    on_the_same_circle,
    trajectory_bundle,
    window,
)

K, HEIGHT = len(HORIZONS_S), float(SIZE[1])
AXES = np.array([ASPECT, 1.0])
OFF = np.outer([0.5, 1.0, 2.0, 3.0], [0.25, -0.5])  # lengths
NUMBERS = np.zeros(2, np.int64)


NOTHING = FlowMap(np.zeros((0, MOTION + 2 * WINDOW.samples)), np.zeros((0, K, 2)))


def seen(now: Tracks, off: F64 = OFF) -> FlowMap:
    """A map of the one who goes there now: it shifts him so many lengths."""
    encoded = encode(past_of(now, ASPECT, NUMBERS), WINDOW)
    place = places(encoded, encoded.scale, WINDOW)
    pull = off @ (1, 1j) * encoded.scale[0] / (2 * ways(place)[0])
    return FlowMap(motions(place), np.stack([pull.real, pull.imag], axis=-1)[None])


def with_flow(flow: FlowMap | None, runtime: Runtime) -> LearnedForecaster:
    return LearnedForecaster(runtime, SETTINGS, STRAIGHT, ASPECT, ("person", "car"), lambda: flow)


def spoken(flow: FlowMap | None, now: Tracks, runtime: Runtime) -> Forecasts:
    return with_flow(flow, runtime).speak(now, STRAIGHT.forecast(now), AS_TAUGHT).forecasts


def two_ways() -> StandIn:
    return StandIn(on_the_same_circle, bundle=trajectory_bundle(window(modes=2)))


@pytest.mark.parametrize("flow", [None, NOTHING])
def test_without_a_map_or_with_an_empty_one_everything_is_bit_for_bit_as_before(flow: FlowMap | None) -> None:
    now = moving([line(0.3), line(0.6, -0.1)])
    before = LearnedForecaster(two_ways(), SETTINGS, STRAIGHT, ASPECT, ("person", "car"))
    plain = STRAIGHT.forecast(now)
    other = with_flow(flow, two_ways())
    assert same(other.speak(now, plain, AS_TAUGHT).forecasts, before.speak(now, plain, AS_TAUGHT).forecasts)
    assert same(other.again(now, plain), before.again(now, plain))


def test_nobody_there() -> None:
    assert len(spoken(seen(moving([line(0.3)])), Tracks.empty(history=8), two_ways())) == 0


def test_all_ways_and_the_box_are_shifted_and_sigma_and_weight_are_not() -> None:
    now = moving([line(0.3)])
    plain, shifted = (spoken(flow, now, two_ways()) for flow in (None, seen(now)))
    expected = OFF * HEIGHT / AXES
    np.testing.assert_allclose(shifted.mode_centre[0] - plain.mode_centre[0], [expected] * 2, atol=1e-5)
    np.testing.assert_allclose(boxes.centre(shifted.box) - boxes.centre(plain.box), [expected], atol=1e-5)
    np.testing.assert_allclose(boxes.size(shifted.box), boxes.size(plain.box), atol=1e-6)
    for name in ("sigma", "mode_sigma", "mode_weight", "id", "horizon_s"):
        np.testing.assert_allclose(getattr(shifted, name), getattr(plain, name), rtol=1e-6)


def test_who_was_not_there_stands_or_goes_back_is_told_what_the_network_says() -> None:
    now = moving([line(0.3), line(0.3) + np.array([4.0, 4.5], np.float32), line(0.3, 0.0), line(0.3, -0.05)])
    plain, shifted = (spoken(flow, now, StandIn(nothing_new)) for flow in (None, seen(moving([line(0.3)]))))
    moved = np.abs(shifted.box - plain.box).max(axis=(1, 2))
    assert moved[0] > 0.1
    assert moved[1:].max() < 1e-3 * moved[0]


def test_what_was_said_moves_on_with_its_shift() -> None:
    now = moving([line(0.3)])
    made = with_flow(seen(now), StandIn(nothing_new))
    said = made.speak(now, STRAIGHT.forecast(now), AS_TAUGHT).forecasts
    np.testing.assert_allclose(made.again(now, STRAIGHT.forecast(now)).box, said.box, atol=1e-6)


def test_the_map_that_is_there_now_is_asked_at_each_look() -> None:
    """It comes and goes with the weights."""
    now, flows = moving([line(0.3)]), list[FlowMap | None]()
    flows += [None, seen(now), None]
    coming: Iterator[FlowMap | None] = iter(flows)
    made = LearnedForecaster(StandIn(nothing_new), SETTINGS, STRAIGHT, ASPECT, ("person",), lambda: next(coming))
    said = [made.speak(now, STRAIGHT.forecast(now), AS_TAUGHT).forecasts for _ in flows]
    assert same(said[0], said[2])
    assert not np.allclose(said[0].box, said[1].box, atol=0.05)


@pytest.mark.parametrize("huge", [1e3, 1e12, 1e38])
def test_a_map_that_shifts_out_of_all_pictures_is_not_believed_of_those_whom_it_shifts(huge: float) -> None:
    now = moving([line(0.3)])
    flow = seen(moving([line(0.3)]), off=np.full((K, 2), huge))
    made = with_flow(flow, two_ways())
    plain = STRAIGHT.forecast(now)
    said = made.speak(now, plain, AS_TAUGHT)
    assert np.isfinite(said.forecasts.box).all()
    assert not said.own[0]
    np.testing.assert_array_equal(said.forecasts.box[0], plain.box[0])
    far = (boxes.centre(said.forecasts.box) - boxes.centre(plain.box)) * AXES
    assert np.hypot(*far.T).max() < FARTHEST
    again = made.again(now, plain)
    np.testing.assert_array_equal(again.box[0], plain.box[0])
