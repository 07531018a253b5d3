import numpy as np
import pytest

from edge.contracts.types import F32
from edge.detection.crops import MOST, CropPlan, cover, plan_crops, turn_of

PLAN = CropPlan(frame=(1920, 1080), model=(300, 300), margin=0.25, zoom=1.0, min_gain=1.5)
RNG = np.random.default_rng(3)


def boxes(*rows: tuple[float, float, float, float]) -> F32:
    return np.array(rows, np.float32).reshape(-1, 4)


def around(x: float, y: float, side_px: float = 40) -> tuple[float, float, float, float]:
    """A square of so many pixels of a 1080p frame."""
    return x - side_px / 3840, y - side_px / 2160, x + side_px / 3840, y + side_px / 2160


def sizes_px(windows: F32) -> list[list[int]]:
    return np.rint((windows[:, 2:] - windows[:, :2]) * [1920, 1080]).astype(int).tolist()


def test_nothing_to_look_at() -> None:
    assert plan_crops(boxes(), PLAN).shape == (0, 4)


def test_a_small_region_is_seen_at_native_scale_in_the_middle_of_its_window() -> None:
    windows = plan_crops(boxes(around(0.5, 0.5)), PLAN)
    assert sizes_px(windows) == [[300, 300]]
    assert np.allclose((windows[:, :2] + windows[:, 2:]) / 2, 0.5, atol=1e-4)


def test_a_larger_region_gets_a_coarser_window() -> None:
    assert sizes_px(plan_crops(boxes(around(0.5, 0.5, 300)), PLAN)) == [[600, 600]]


def test_zoom_makes_windows_smaller() -> None:
    plan = CropPlan((1920, 1080), (300, 300), 0.25, 2.0, 1.5)
    assert sizes_px(plan_crops(boxes(around(0.5, 0.5)), plan)) == [[150, 150]]


def test_neighbours_share_a_window() -> None:
    assert len(plan_crops(boxes(around(0.5, 0.5), around(0.53, 0.5), around(0.5, 0.55)), PLAN)) == 1


def test_far_regions_do_not() -> None:
    assert len(plan_crops(boxes(around(0.1, 0.1), around(0.9, 0.9)), PLAN)) == 2


def test_windows_stay_in_the_frame() -> None:
    windows = plan_crops(boxes(around(0.0, 0.0), around(1.0, 1.0)), PLAN)
    assert windows.min() >= 0
    assert windows.max() <= 1
    assert sizes_px(windows) == [[300, 300], [300, 300]]


@pytest.mark.parametrize(
    "region",
    [
        (0.0, 0.0, 1.0, 1.0),  # as large as the frame
        (0.2, 0.2, 0.2, 0.4),  # empty
        (0.4, 0.2, 0.2, 0.4),  # inside out
        (np.nan, 0.2, 0.3, 0.4),
        (1.2, 1.2, 1.4, 1.4),  # outside
    ],
)
def test_regions_that_a_closer_look_does_not_help(region: tuple[float, float, float, float]) -> None:
    assert len(plan_crops(boxes(region), PLAN)) == 0


def test_a_frame_hardly_larger_than_the_model_gets_no_crops() -> None:
    assert len(plan_crops(boxes(around(0.5, 0.5)), CropPlan((320, 320), (300, 300), 0.25, 1.0, 1.5))) == 0


def test_every_region_lies_in_a_window() -> None:
    for _ in range(100):
        corner = RNG.uniform(0, 0.9, (RNG.integers(1, MOST), 2))
        look = np.concatenate([corner, corner + RNG.uniform(0.01, 0.1, corner.shape)], axis=1).astype(np.float32)
        windows = plan_crops(look, PLAN)
        held = (windows[:, None, :2] <= look[None, :, :2] + 1e-5).all(2)
        held &= (windows[:, None, 2:] >= np.minimum(look[None, :, 2:], 1) - 1e-5).all(2)
        assert held.any(axis=0).all()
        assert len(windows) <= len(look)


def test_cover_takes_the_fullest_window_first() -> None:
    regions = boxes((0.9, 0.9, 0.91, 0.91), (0.1, 0.1, 0.11, 0.11), (0.15, 0.1, 0.16, 0.11))
    windows = cover(regions, np.array([0.2, 0.2], np.float32))
    assert len(windows) == 2
    assert windows[0, 0] < 0.2


def test_every_window_has_its_turn() -> None:
    windows = np.arange(20, dtype=np.float32).reshape(5, 4)
    assert turn_of(windows[:0], 2, 7).shape == (0, 4)
    assert np.array_equal(turn_of(windows[:2], 2, 7), windows[:2])
    seen = {float(row[0]) for turn in range(3) for row in turn_of(windows, 2, turn)}
    assert seen == {0, 4, 8, 12, 16}
