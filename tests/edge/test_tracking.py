import math

import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts.types import Detections, Tracks
from edge.tracking import Tracker, TrackingSettings

ASPECT = 16 / 9
WIDTH, HEIGHT = 0.05, 0.2  # of the people here, in frame fractions


def person(x: float, y: float = 0.5, score: float = 0.9, label: int = 0) -> tuple[float, float, float, int]:
    return x, y, score, label


def seen(*people: tuple[float, float, float, int]) -> Detections:
    box = [(x - WIDTH / 2, y - HEIGHT / 2, x + WIDTH / 2, y + HEIGHT / 2) for x, y, _, _ in people]
    return Detections(
        np.array(box, np.float32).reshape(-1, 4),
        np.array([score for _, _, score, _ in people], np.float32),
        np.array([label for _, _, _, label in people], np.int64),
    )


def tracker(**settings: float) -> Tracker:
    return Tracker(TrackingSettings(**settings), ASPECT)


def centre_x(tracks: Tracks) -> list[float]:
    return list((tracks.box[:, 0] + tracks.box[:, 2]) / 2)


def walk(of: Tracker, times: list[float], speed: float, start: float = 0.2) -> Tracks:
    """One person walking right, seen at each time."""
    for t_s in times:
        tracks = of.step(seen(person(start + speed * t_s)), t_s)
    return tracks


def test_nothing_seen_is_nothing_told() -> None:
    empty = tracker()
    for t_s in (0.0, 0.1, 5.0):
        tracks = empty.step(Detections.empty(), t_s)
        assert len(tracks) == 0
        assert tracks.history.shape == (0, 16, 4)
        assert len(empty.at(t_s)) == 0


def test_life_of_an_object() -> None:
    life = tracker(coast_s=0.5)
    born = life.step(seen(person(0.5)), 10.0)
    assert list(born.id) == [1]
    assert list(born.seen_s) == [0]
    assert list(born.lost_s) == [0]
    assert np.isnan(born.history_age_s[0, :-1]).all()
    assert born.history_age_s[0, -1] == 0
    np.testing.assert_allclose(born.box, seen(person(0.5)).box, atol=1e-6)

    held = life.step(seen(person(0.5)), 10.2)
    assert list(held.id) == [1]
    np.testing.assert_allclose(held.seen_s, [0.2], atol=1e-6)
    np.testing.assert_allclose(held.history_age_s[0, -2:], [0.2, 0], atol=1e-6)

    coasting = life.step(Detections.empty(), 10.6)
    assert list(coasting.id) == [1]
    np.testing.assert_allclose(coasting.lost_s, [0.4], atol=1e-6)
    np.testing.assert_allclose(coasting.history_age_s[0, -2:], [0.6, 0.4], atol=1e-6)
    assert coasting.sigma[0] > held.sigma[0]

    assert len(life.step(Detections.empty(), 10.8)) == 0
    assert list(life.step(seen(person(0.5)), 10.9).id) == [2]


def test_history_is_spread_over_its_seconds_newest_last() -> None:
    long = Tracker(TrackingSettings(history=4), ASPECT, reach_s=0.8)
    for n in range(12):
        tracks = long.step(seen(person(0.3 + n / 100)), n / 10)
    kept = (6, 8, 10, 11)
    boxes = np.concatenate([seen(person(0.3 + n / 100)).box for n in kept])
    np.testing.assert_array_equal(tracks.history[0], boxes)
    np.testing.assert_allclose(tracks.history_age_s[0], [(11 - n) / 10 for n in kept], atol=1e-6)


def test_a_slow_camera_loses_no_box_of_its_history() -> None:
    slow = Tracker(TrackingSettings(history=3), ASPECT, reach_s=0.3)
    for t_s in (0.0, 0.5, 1.02, 1.5):
        tracks = slow.step(seen(person(0.5)), t_s)
    np.testing.assert_allclose(tracks.history_age_s[0], [1.0, 0.48, 0], atol=1e-6)


def test_a_history_of_one_box_is_the_newest() -> None:
    short = tracker(history=1)
    for n in range(3):
        tracks = short.step(seen(person(0.48 + n / 100)), n / 10)
    assert tracks.history_age_s.tolist() == [[0]]
    np.testing.assert_array_equal(tracks.history[:, 0], seen(person(0.5)).box)


def test_after_an_hour_at_30_fps_the_history_still_reaches_back() -> None:
    hour = tracker()
    for n in range(300):
        tracks = hour.step(seen(person(0.5)), 3600 + n / 30)
    assert 2.9 < float(tracks.history_age_s[0, 0]) < 3.9


@pytest.mark.parametrize(("score", "told"), [(0.9, [1]), (0.7, []), (0.3, [])])
def test_a_sure_object_is_told_at_once_others_after_a_second_look(score: float, told: list[int]) -> None:
    unsure = tracker()
    assert list(unsure.step(seen(person(0.5, score=score)), 0.0).id) == told
    again = unsure.step(seen(person(0.5, score=score)), 0.1)
    assert list(again.id) == ([1] if score > 0.5 else [])


def test_an_unsure_object_that_is_not_seen_again_was_none() -> None:
    ghost = tracker()
    ghost.step(seen(person(0.5, score=0.7)), 0.0)
    assert len(ghost.step(Detections.empty(), 0.1)) == 0
    assert len(ghost.step(seen(person(0.5, score=0.7)), 0.2)) == 0


@pytest.mark.parametrize("fps", [3, 5, 25])
def test_speed_does_not_depend_on_the_frame_rate(fps: int) -> None:
    tracks = walk(tracker(), [n / fps for n in range(4 * fps)], speed=0.1)
    np.testing.assert_allclose(tracks.velocity[0], [0.1, 0, 0.1, 0], atol=0.004)


def test_speed_from_irregular_frames() -> None:
    steps = np.random.default_rng(1).uniform(0.03, 0.5, 30)
    tracks = walk(tracker(), list(np.cumsum(steps)), speed=0.08, start=0.05)
    assert list(tracks.id) == [1]
    np.testing.assert_allclose(tracks.velocity[0], [0.08, 0, 0.08, 0], atol=0.004)


def test_a_pause_costs_certainty_in_seconds_not_in_frames() -> None:
    few, many = tracker(), tracker()
    for of in (few, many):
        walk(of, [0.0, 0.1, 0.2], speed=0.1)
    for t_s in (0.3, 0.4, 0.5):
        frequent = many.step(Detections.empty(), t_s)
    rare = few.step(Detections.empty(), 0.5)
    np.testing.assert_allclose(rare.box, frequent.box, atol=1e-6)
    np.testing.assert_allclose(rare.sigma, frequent.sigma, rtol=1e-5)
    np.testing.assert_allclose(rare.lost_s, frequent.lost_s, atol=1e-6)


def test_forecast_without_a_look_is_no_miss() -> None:
    looked = tracker()
    now = walk(looked, [n / 10 for n in range(20)], speed=0.1)
    later = looked.at(2.9)
    assert list(later.lost_s) == [0]
    np.testing.assert_allclose(centre_x(later), [0.2 + 0.29], atol=0.005)
    assert later.sigma[0] > now.sigma[0]
    np.testing.assert_allclose(later.seen_s, [2.9], atol=1e-6)
    np.testing.assert_array_equal(looked.at(1.9).box, now.box)
    assert list(looked.step(seen(person(0.2 + 0.2)), 2.0).id) == [1]


def test_found_again_behind_an_occlusion_under_the_same_id() -> None:
    hidden = tracker()
    walk(hidden, [n / 10 for n in range(15)], speed=0.1)
    for n in range(15, 25):
        away = hidden.step(Detections.empty(), n / 10)
        assert list(away.id) == [1]
    found = hidden.step(seen(person(0.2 + 0.25)), 2.5)
    assert list(found.id) == [1]
    assert list(found.lost_s) == [0]


@pytest.mark.parametrize("fps", [5, 25])
def test_people_who_cross_keep_their_ids(fps: int) -> None:
    crossing = tracker()
    for n in range(4 * fps):
        t_s = n / fps
        tracks = crossing.step(seen(person(0.3 + 0.1 * t_s), person(0.7 - 0.1 * t_s, y=0.53)), t_s)
    assert dict(zip(tracks.id, np.sign(tracks.velocity[:, 0]), strict=True)) == {1: 1, 2: -1}


def test_one_who_dims_is_held_by_weak_detections() -> None:
    dim = tracker()
    walk(dim, [0.0, 0.1, 0.2], speed=0.1)
    for n in range(3, 30):
        tracks = dim.step(seen(person(0.2 + n / 100, score=0.15)), n / 10)
        assert list(tracks.id) == [1]
        assert list(tracks.lost_s) == [0]
    assert tracks.score[0] == np.float32(0.15)


def test_weak_detections_alone_start_nothing() -> None:
    weak = tracker()
    for n in range(10):
        assert len(weak.step(seen(person(0.5, score=0.4)), n / 10)) == 0


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_a_fast_car_is_one_car(fps: int) -> None:
    """It covers half the frame in a second: at 5 frames a second nearly its own length from look to look."""
    road = tracker()
    for n in range(fps):
        left = 0.2 + 0.5 * n / fps
        car = Detections(
            np.array([[left, 0.5, left + 0.14, 0.6]], np.float32), np.full(1, 0.9, np.float32), np.full(1, 2)
        )
        tracks = road.step(car, n / fps)
        assert list(tracks.id) == [1]
    np.testing.assert_allclose(tracks.velocity[0, 0], 0.5, rtol=0.1)


@pytest.mark.parametrize("pan", [0.0, 0.06, -0.06])
def test_the_camera_pans_and_ids_stay(pan: float) -> None:
    panning = tracker()
    street = [(0.1, 0.3), (0.25, 0.6), (0.4, 0.4), (0.55, 0.7), (0.7, 0.5)]
    for n in range(10):
        shift = pan * max(0, n - 4)
        tracks = panning.step(seen(*(person(x + shift, y) for x, y in street)), n / 5)
    assert sorted(tracks.id) == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(tracks.lost_s, 0)


def test_what_is_out_of_sight_moves_with_the_camera() -> None:
    panning = tracker()
    street = [(0.1, 0.3), (0.25, 0.6), (0.4, 0.4), (0.55, 0.7), (0.7, 0.5)]
    for n in range(4):
        panning.step(seen(*(person(x, y) for x, y in street)), n / 5)
    for n in range(4, 7):
        tracks = panning.step(seen(*(person(x + 0.06 * (n - 3), y) for x, y in street[:-1])), n / 5)
    lost = tracks[tracks.lost_s > 0]
    assert len(lost) == 1
    assert abs(centre_x(lost)[0] - (0.7 + 0.18)) < 0.03


def test_other_labels_are_other_objects() -> None:
    mixed = tracker()
    mixed.step(seen(person(0.5, label=0)), 0.0)
    both = mixed.step(seen(person(0.505, label=0), person(0.53, label=1)), 0.1)
    assert sorted(zip(both.id, both.label, strict=True)) == [(1, 0), (2, 1)]
    alone = mixed.step(seen(person(0.53, label=1)), 0.2)
    assert sorted(zip(alone.id, alone.label, alone.lost_s > 0, strict=True)) == [(1, 0, True), (2, 1, False)]


def test_a_wavering_label_makes_no_new_object() -> None:
    car = tracker()
    labels = [2, 2, 7, 2, 7, 7, 2, 2]
    for n, label in enumerate(labels):
        tracks = car.step(seen(person(0.5, label=label)), n / 10)
        assert list(tracks.id) == [1]
        assert list(tracks.label) == [2]
    for n in range(8, 20):
        tracks = car.step(seen(person(0.5, label=7)), n / 10)
    assert list(tracks.id) == [1]
    assert list(tracks.label) == [7]


def test_inputs_and_old_results_stay_unchanged() -> None:
    steady = tracker()
    given = [seen(person(0.3 + n / 50), person(0.7 - n / 50, score=0.75)) for n in range(12)]
    for detections in given:
        for column in (detections.box, detections.score, detections.label):
            column.flags.writeable = False
    results: list[Tracks] = []
    copies: list[dict[str, np.ndarray]] = []
    for n, detections in enumerate(given):
        results += [steady.step(detections if n != 6 else Detections.empty(), n / 10), steady.at(n / 10 + 0.05)]
        copies += [{name: getattr(result, name).copy() for name in Tracks.__slots__} for result in results[-2:]]
    for result, copy in zip(results, copies, strict=True):
        for name, values in copy.items():
            np.testing.assert_array_equal(getattr(result, name), values)


def test_ids_belong_to_one_tracker() -> None:
    first, second = tracker(), tracker()
    assert list(first.step(seen(person(0.2), person(0.8)), 0.0).id) == [1, 2]
    assert list(second.step(seen(person(0.5)), 0.0).id) == [1]


@pytest.mark.parametrize("t_s", [1.0, 0.5, -math.inf, math.inf, math.nan])
def test_time_must_grow(t_s: float) -> None:
    clock = tracker()
    before = clock.step(seen(person(0.5)), 1.0)
    with pytest.raises(ValueError, match="time must grow"):
        clock.step(seen(person(0.6)), t_s)
    np.testing.assert_array_equal(clock.at(1.0).box, before.box)


def test_no_forecast_of_the_past() -> None:
    clock = tracker()
    clock.step(seen(person(0.5)), 1.0)
    with pytest.raises(ValueError, match="in the history"):
        clock.at(0.9)


@pytest.mark.parametrize("aspect", [0.0, -1.0, math.nan])
def test_aspect_must_be_a_ratio(aspect: float) -> None:
    with pytest.raises(ValueError, match="width / height"):
        Tracker(TrackingSettings(), aspect)


@pytest.mark.parametrize(
    "box", [(0.5, 0.5, 0.4, 0.6), (0.5, 0.5, 0.5, 0.6), (math.nan, 0, 1, 1), (0, 0, math.inf, 1), (0, 0, 1, 1e6)]
)
def test_absurd_boxes_are_passed_over(box: tuple[float, float, float, float]) -> None:
    odd = tracker()
    good = seen(person(0.5))
    for n in range(3):
        boxes = np.concatenate([good.box, np.array([box], np.float32)])
        tracks = odd.step(Detections(boxes, np.full(2, 0.9, np.float32), np.zeros(2, np.int64)), n / 10)
    assert list(tracks.id) == [1]
    assert np.isfinite(tracks.box).all()


def test_right_and_down_count_alike_whatever_the_aspect() -> None:
    """The same movement in pixels, along x and along y, is forecast equally well on a wide frame."""
    across, along = tracker(), tracker()
    for n in range(10):
        right = across.step(seen(person(0.3 + 0.01 * n / ASPECT)), n / 10)
        down = along.step(seen(person(0.3, 0.3 + 0.01 * n)), n / 10)
    np.testing.assert_allclose(right.velocity[0, 0] * ASPECT, down.velocity[0, 1], rtol=1e-4)
    np.testing.assert_allclose(right.sigma, down.sigma, rtol=1e-6)


def test_settings_refuse_scores_that_fall() -> None:
    with pytest.raises(ValidationError, match="must not fall"):
        TrackingSettings(high_score=0.9)


def test_settings_refuse_unknown_keys() -> None:
    with pytest.raises(ValidationError, match="max_age"):
        TrackingSettings.model_validate({"max_age": 30})


def test_a_still_object_missed_by_one_heartbeat_keeps_its_identity() -> None:
    tracker = Tracker(TrackingSettings(), 1.0)
    there = Detections(np.array([[0.4, 0.4, 0.5, 0.6]], np.float32), np.full(1, 0.9, np.float32), np.zeros(1, np.int64))
    for t_s in (0.0, 5.0, 10.0):
        tracker.step(there, t_s)
    tracker.step(Detections.empty(), 15.0)
    assert tracker.undecided
    assert tracker.step(there, 15.2).id.tolist() == [1]
    assert not tracker.undecided
