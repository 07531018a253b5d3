"""The activity gate on noise, light, movement and masks."""

from collections.abc import Iterable

import numpy as np
import pytest

from edge.activity.gate import ActivityGate
from edge.activity.regions import MOST, merged
from edge.activity.settings import ActivitySettings
from edge.contracts.boxes import intersection
from edge.contracts.types import F32, U8, Activity

SIZE = (180, 320)
ODD_SIZES = [(1, 1), (1, 64), (64, 1), (2, 2), (3, 3), (1, 4), (4, 1), (5, 5), (8, 4000), (4000, 8), (1, 4000)]


def scene(size: tuple[int, int] = SIZE) -> U8:
    """Blocks of different brightness."""
    rng = np.random.default_rng(3)
    blocks = rng.integers(40, 200, (6, 10, 3), dtype=np.uint8)
    rows, columns = np.arange(size[0]) * 6 // size[0], np.arange(size[1]) * 10 // size[1]
    return np.ascontiguousarray(blocks[rows][:, columns])


def noisy(still: U8, sigma: float, rng: np.random.Generator) -> U8:
    """The same with sensor noise."""
    return np.clip(still + rng.normal(0, sigma, still.shape), 0, 255).astype(np.uint8)


def with_square(still: U8, left: int, top: int = 80, side: int = 16) -> U8:
    """The same with a bright square."""
    picture = still.copy()
    picture[top : top + side, left : left + side] = 250
    return picture


def box(left: int, top: int = 80, side: int = 16) -> F32:
    """The square's box."""
    height, width = SIZE
    return np.array([[left / width, top / height, (left + side) / width, (top + side) / height]], np.float32)


def gate(motion_mask: list[list[tuple[float, float]]] | U8 | None = None) -> ActivityGate:
    return ActivityGate(ActivitySettings(), motion_mask)


def run(activity: ActivityGate, pictures: Iterable[U8], fps: float, start_s: float = 0.0) -> list[Activity]:
    return [activity.step(picture, start_s + k / fps) for k, picture in enumerate(pictures)]


@pytest.mark.parametrize("fps", [2, 10, 30])
@pytest.mark.parametrize("sigma", [0, 2, 6, 12])
def test_a_still_noisy_scene_is_looked_at_by_the_heartbeat_only(sigma: float, fps: int) -> None:
    rng, still, seconds = np.random.default_rng(0), scene(), 12
    said = run(gate(), (noisy(still, sigma, rng) for _ in range(seconds * fps)), fps)
    assert [k / fps for k, activity in enumerate(said) if activity.due] == [0.0, 5.0, 10.0]
    assert sum(len(activity.region) for activity in said) == 0


def test_the_first_picture_is_due_and_calibrating_ends() -> None:
    said = run(gate(), [scene()] * 20, 10)
    assert (said[0].due, said[0].calibrating, said[-1].calibrating) == (True, True, False)
    assert said[0].region.shape == (0, 4)


def test_no_false_start_while_calibrating() -> None:
    rng = np.random.default_rng(1)
    said = run(gate(), (noisy(scene(), 8, rng) for _ in range(25)), 25)
    assert sum(activity.due for activity in said) == 1


def test_a_small_moving_square_lies_in_a_region() -> None:
    activity, rng = gate(), np.random.default_rng(2)
    run(activity, (noisy(scene(), 3, rng) for _ in range(20)), 10)
    for k in range(10):
        left = 40 + 12 * k
        said = activity.step(noisy(with_square(scene(), left), 3, rng), 2 + k / 10)
        assert said.due
        assert intersection(box(left), said.region).max() == pytest.approx(intersection(box(left), box(left))[0, 0])


def test_irregular_times_do_not_set_it_off() -> None:
    rng, activity = np.random.default_rng(4), gate()
    times = np.cumsum(rng.uniform(0.01, 0.9, 60))
    said = [activity.step(noisy(scene(), 4, rng), float(t_s)) for t_s in times]
    assert sum(len(one.region) for one in said) == 0


def test_slow_light_drift_is_no_motion() -> None:
    still = scene().astype(np.float32)
    pictures = ((still * (1 + 0.25 * np.sin(k / 100))).clip(0, 255).astype(np.uint8) for k in range(600))
    assert sum(len(activity.region) for activity in run(gate(), pictures, 10)) == 0


def test_a_light_switch_calibrates_anew_instead_of_naming_regions() -> None:
    activity = gate()
    run(activity, [scene()] * 30, 10)
    inverted = (255 - scene()).astype(np.uint8)
    said = run(activity, [inverted] * 40, 10, start_s=3.0)
    assert (said[0].due, said[0].calibrating, said[-1].calibrating) == (True, True, False)
    assert sum(len(one.region) for one in said) == 0


def test_a_camera_that_shakes_a_little_is_no_motion() -> None:
    large, rng = scene((720, 1280)), np.random.default_rng(6)
    shaken = (np.roll(large, rng.integers(-1, 2, 2), (0, 1)) for _ in range(60))
    assert sum(len(activity.region) for activity in run(gate(), shaken, 10)[20:]) == 0


@pytest.mark.parametrize("raster", [False, True])
def test_motion_inside_a_mask_is_ignored(raster: bool) -> None:
    ignored = np.zeros((90, 160), np.uint8)
    ignored[:, :80] = 1
    activity = gate(ignored if raster else [[(0, 0), (0.5, 0), (0.5, 1), (0, 1)]])
    run(activity, [scene()] * 20, 10)
    assert len(activity.step(with_square(scene(), 40), 2.0).region) == 0
    assert len(activity.step(with_square(scene(), 240), 2.1).region) == 1


def test_another_resolution_starts_anew() -> None:
    activity = gate()
    run(activity, [scene()] * 20, 10)
    said = activity.step(scene((240, 426)), 2.0)
    assert (said.due, said.calibrating, len(said.region)) == (True, True, 0)


def test_pictures_are_not_written_to() -> None:
    picture = scene()
    before = picture.copy()
    picture.flags.writeable = False
    run(gate(), [picture] * 5, 10)
    assert np.array_equal(picture, before)


def test_regions_are_merged_largest_first() -> None:
    assert merged([]) == []
    boxes = [(0.0, 0.0, 0.1, 0.1), (0.5, 0.5, 0.7, 0.7), (0.6, 0.6, 0.9, 0.9)]
    assert merged(boxes) == [(0.5, 0.5, 0.9, 0.9), (0.0, 0.0, 0.1, 0.1)]


def test_a_rectangle_that_grows_swallows_what_it_then_overlaps() -> None:
    boxes = [(0.0, 0.0, 0.2, 0.2), (0.5, 0.5, 0.7, 0.7), (0.1, 0.1, 0.6, 0.6)]
    assert merged(boxes) == [(0.0, 0.0, 0.7, 0.7)]


def test_too_many_regions_become_a_few() -> None:
    boxes = [(k / 40, 0.0, k / 40 + 0.01, 0.5 - k / 100) for k in range(40)]
    kept = merged(boxes)
    assert len(kept) == MOST
    assert kept[0] == (11 / 40, 0.0, 39 / 40 + 0.01, 0.5 - 11 / 100)


@pytest.mark.parametrize(("height", "width"), ODD_SIZES)
def test_tiny_and_thin_pictures_are_looked_at_without_a_fall(height: int, width: int) -> None:
    still = np.full((height, width, 3), 100, np.uint8)
    activity = gate()
    said = run(activity, [still] * 20, 10)
    assert said[0].due
    assert sum(len(one.region) for one in said) == 0
    for k in range(10):
        picture = still.copy()
        picture[k % height :: 3, : max(width // 2, 1)] = 250
        region = activity.step(picture, 2 + k / 10).region
        assert region.shape[1] == 4
        assert (region[:, :2] < region[:, 2:]).all()
