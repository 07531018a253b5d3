"""Who serves on which camera: the synthetic proof."""

from collections.abc import Iterable

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.forecast_scores import Serving
from edge.contracts.types import Detections, Forecasts, Tracks
from edge.forecast.guard import GuardedForecaster
from edge.forecast.learned import LearnedForecaster
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import ForecastSettings, GuardSettings
from edge.forecast.straight import ConstantVelocity
from edge.tracking import Tracker, TrackingSettings
from tests.rigs.trajectories import StandIn, nonsense, nothing_new, on_the_same_circle, trajectory_bundle
from tests.rigs.walks import ASPECT, avenue, roundabout

SETTINGS = ForecastSettings(guard=GuardSettings(samples=40, memory=150))
World = Iterable[tuple[float, Detections]]


class Camera:
    """A tracker and its guarded forecaster, from detections to forecasts."""

    def __init__(self, runtime: StandIn | None, settings: ForecastSettings = SETTINGS) -> None:
        straight = ConstantVelocity(settings)
        self.board = Scoreboard(settings.guard, settings.horizons_s, "turner" if runtime else "", "a" * 64)
        learned = LearnedForecaster(runtime, settings, straight, ASPECT, ("person",)) if runtime else None
        self.forecaster = GuardedForecaster(settings, self.board, ASPECT, straight, learned)
        self.straight = straight
        self.tracker = Tracker(TrackingSettings(), ASPECT, reach_s=2.0)

    def watch(self, world: World) -> tuple[Tracks, Forecasts]:
        """Everything up to its end; the last tracks and forecasts."""
        for t_s, seen in world:
            tracks = self.tracker.step(seen, t_s)
            forecasts = self.forecaster.step(tracks, t_s)
        return tracks, forecasts

    def serving(self) -> Serving:
        return self.board.standing.serving


def test_nothing_there_is_nothing_to_judge() -> None:
    camera = Camera(StandIn(on_the_same_circle))
    tracks, forecasts = camera.watch((n / 10, Detections.empty()) for n in range(50))
    assert (len(tracks), len(forecasts)) == (0, 0)
    assert camera.board.standing.straight.horizons[0].samples == 0
    assert np.isnan(camera.board.standing.straight.ade)
    assert camera.serving() is Serving.STRAIGHT


def test_a_model_in_the_place_of_another_has_to_prove_itself() -> None:
    runtime = StandIn(on_the_same_circle)
    camera = Camera(runtime)
    camera.watch(roundabout(30))
    assert camera.serving() is Serving.LEARNED
    runtime.bundle, runtime.answers = trajectory_bundle(sha256="b" * 64), nonsense
    camera.watch(roundabout(1, start_s=40))
    standing = camera.board.standing
    assert (standing.serving, standing.sha256[0], standing.trouble) == (Serving.STRAIGHT, "b", "")
    camera.watch(roundabout(30, start_s=50))
    assert camera.serving() is Serving.STRAIGHT
    runtime.bundle, runtime.answers = trajectory_bundle(sha256="c" * 64), on_the_same_circle
    camera.watch(roundabout(30, start_s=90))
    assert camera.serving() is Serving.LEARNED


def test_without_a_model_the_straight_line_is_judged_alone() -> None:
    camera = Camera(None)
    camera.watch(avenue(20))
    standing = camera.board.standing
    assert (standing.model, standing.serving) == ("", Serving.STRAIGHT)
    assert 0 < standing.straight.ade < 0.5
    assert np.isnan(standing.learned.ade)


def test_the_model_takes_over_where_things_turn_and_gives_way_when_they_do_not_any_more() -> None:
    camera = Camera(StandIn(on_the_same_circle))
    tracks, forecasts = camera.watch(roundabout(30))
    standing = camera.board.standing
    assert standing.serving is Serving.LEARNED
    assert standing.learned.ade < 0.7 * standing.straight.ade
    assert np.abs(forecasts.box - camera.straight.forecast(tracks).box).max() > 0.05

    tracks, forecasts = camera.watch(avenue(30, start_s=40))  # which is when large errors still fill the means
    assert camera.serving() is Serving.STRAIGHT
    np.testing.assert_array_equal(forecasts.box, camera.straight.forecast(tracks).box)

    camera.watch(roundabout(30, start_s=90))
    assert camera.serving() is Serving.LEARNED


def test_the_straight_line_goes_on_serving_where_the_model_is_worse() -> None:
    camera = Camera(StandIn(on_the_same_circle))
    served = set()
    for t_s, seen in avenue(40):
        tracks = camera.tracker.step(seen, t_s)
        forecasts = camera.forecaster.step(tracks, t_s)
        served.add(camera.serving())
        np.testing.assert_array_equal(forecasts.box, camera.straight.forecast(tracks).box)
    assert served == {Serving.STRAIGHT}
    assert camera.board.standing.learned.horizons[2].samples >= SETTINGS.guard.samples


def test_a_model_that_is_as_good_does_not_serve() -> None:
    camera = Camera(StandIn(nothing_new))
    camera.watch(roundabout(20))
    standing = camera.board.standing
    assert standing.serving is Serving.STRAIGHT
    assert standing.learned.ade == pytest.approx(standing.straight.ade, rel=1e-3)


def test_few_comparisons_prove_nothing() -> None:
    camera = Camera(StandIn(on_the_same_circle), ForecastSettings(guard=GuardSettings(samples=10_000, memory=20_000)))
    camera.watch(roundabout(20))
    standing = camera.board.standing
    assert standing.learned.ade < standing.straight.ade
    assert standing.serving is Serving.STRAIGHT


def test_in_the_shadow_the_model_runs_only_for_the_moments_that_are_kept() -> None:
    runtime = StandIn(nothing_new)
    unhurried = GuardSettings(samples=40, memory=150, share=1.0)  # else it rests longer where the machine is slow
    Camera(runtime, ForecastSettings(guard=unhurried)).watch(roundabout(20))
    assert 20 <= runtime.calls <= 41  # twice a second, of 200 frames


def test_where_it_serves_it_is_asked_five_times_a_second() -> None:
    runtime = StandIn(on_the_same_circle)
    camera = Camera(runtime)
    camera.watch(roundabout(30))
    assert camera.serving() is Serving.LEARNED
    asked = runtime.calls
    camera.watch(roundabout(3, start_s=30, fps=50))
    assert 13 <= runtime.calls - asked <= 18


def test_between_looks_the_one_who_serves_is_asked_and_nothing_is_judged() -> None:
    camera = Camera(StandIn(on_the_same_circle))
    tracks, forecasts = camera.watch(roundabout(30))
    before = camera.board.standing
    between = camera.forecaster.forecast(camera.tracker.at(29.95))
    assert np.abs(between.box - forecasts.box).max() < 0.1
    assert np.abs(between.box - camera.straight.forecast(tracks).box).max() > 0.05
    assert camera.board.standing is before


class Broken(StandIn):
    """A model that fails while it runs, from a certain call on."""

    sound = 30

    def invoke(self, tensor: np.ndarray) -> tuple[np.ndarray, ...]:
        if self.calls >= self.sound:
            raise ModelError("turner.tflite failed while it ran; export it again")
        return super().invoke(tensor)


def test_a_model_that_fails_is_given_up_and_frames_go_on() -> None:
    camera = Camera(Broken(on_the_same_circle))
    tracks, forecasts = camera.watch(roundabout(30))
    standing = camera.board.standing
    assert standing.serving is Serving.STRAIGHT
    assert standing.trouble == "turner.tflite failed while it ran; export it again"
    np.testing.assert_array_equal(forecasts.box, camera.straight.forecast(tracks).box)


def test_a_model_that_answers_nonsense_never_speaks() -> None:
    camera = Camera(StandIn(nonsense))
    tracks, forecasts = camera.watch(roundabout(10))
    np.testing.assert_array_equal(forecasts.box, camera.straight.forecast(tracks).box)
    assert np.isnan(camera.board.standing.learned.ade)


def test_what_was_learnt_of_a_model_outlives_a_restart_and_another_model_begins_anew() -> None:
    before = Camera(StandIn(on_the_same_circle))
    before.watch(roundabout(30))
    kept = before.board.kept()

    after = Camera(StandIn(on_the_same_circle))
    after.board.restore(kept)
    assert after.board.standing == before.board.standing

    bundle = trajectory_bundle(sha256="b" * 64)
    other = Scoreboard(SETTINGS.guard, SETTINGS.horizons_s, bundle.name, bundle.sha256)
    other.restore(kept)
    assert other.standing.serving is Serving.STRAIGHT
    assert other.standing.straight.horizons[0].samples == 0


def test_nothing_is_judged_over_a_jump_of_time() -> None:
    camera, whole = Camera(None), Camera(None)  # how often a model is compared depends on how busy the machine is
    camera.watch(roundabout(10))
    before = [one.samples for one in camera.board.standing.straight.horizons]
    camera.watch(roundabout(3, start_s=3600))
    whole.watch(roundabout(3))
    after = [one.samples for one in camera.board.standing.straight.horizons]
    new = [one.samples for one in whole.board.standing.straight.horizons]
    assert all(grown - one <= alone + 1e-6 for one, grown, alone in zip(before, after, new, strict=True))
    assert camera.board.standing.straight.ade < 2 * whole.board.standing.straight.ade + 0.1
