"""The detector without a model."""

import numpy as np
import pytest

from edge.activity.motion import MotionDetector
from edge.activity.settings import MotionSettings
from edge.contracts.boxes import iou
from edge.contracts.types import F32, U8, Detections
from edge.demo.street import Street
from tests.rigs.frames import frame

NOWHERE = np.zeros((0, 4), np.float32)


class Rig:
    """A detector and its frames."""

    def __init__(self, motion_mask: list[list[tuple[float, float]]] | None = None) -> None:
        self.detector = MotionDetector(MotionSettings(), motion_mask)

    def see(self, picture: U8, t_s: float) -> Detections:
        return self.detector.detect(frame(picture, t_s), NOWHERE)


def empty() -> U8:
    return np.full((180, 320, 3), 110, np.uint8)


def with_block(left: int) -> U8:
    picture = empty()
    picture[60:100, left : left + 20] = (40, 60, 220)
    return picture


def block(left: int) -> F32:
    return np.array([[left / 320, 60 / 180, (left + 20) / 320, 100 / 180]], np.float32)


def learnt(rig: Rig) -> None:
    for k in range(20):
        assert len(rig.see(empty(), k / 10)) == 0


def test_a_moving_block_gets_one_tight_box() -> None:
    rig = Rig()
    learnt(rig)
    for k in range(10):
        found = rig.see(with_block(50 + 5 * k), 2 + k / 10)
        assert len(found) == 1
        assert iou(found.box, block(50 + 5 * k))[0, 0] > 0.8
        assert found.label.tolist() == [MotionDetector.labels.index("moving")]


def test_a_block_that_stops_is_kept_for_a_while_then_belongs_to_the_scene() -> None:
    rig = Rig()
    learnt(rig)
    seen = [len(rig.see(with_block(100), 2 + k / 5)) for k in range(80)]
    assert seen[:40] == [1] * 40
    assert seen[-1] == 0


def test_what_was_there_from_the_start_leaves_no_ghost() -> None:
    rig = Rig()
    for k in range(20):
        rig.see(with_block(100), k / 10)
    found = [rig.see(with_block(140 + 5 * k), 2 + k / 10) for k in range(10)]
    assert len(found[-1]) == 1
    assert iou(found[-1].box, block(185))[0, 0] > 0.8


def test_masked_motion_is_ignored_and_another_size_starts_anew() -> None:
    rig = Rig([[(0, 0), (0.5, 0), (0.5, 1), (0, 1)]])
    learnt(rig)
    assert len(rig.see(with_block(50), 2.0)) == 0
    assert len(rig.see(with_block(250), 2.1)) == 1
    assert len(rig.see(np.zeros((90, 160, 3), np.uint8), 2.2)) == 0


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 64), (64, 1), (2, 2), (3, 3), (1, 4), (4, 1), (5, 5), (8, 4000), (4000, 8), (1, 4000)],
)
def test_tiny_and_thin_pictures_are_looked_at_without_a_fall(height: int, width: int) -> None:
    rig, still = Rig(), np.full((height, width, 3), 100, np.uint8)
    for k in range(20):
        assert len(rig.see(still, k / 10)) == 0
    for k in range(10):
        picture = still.copy()
        picture[k % height :: 3, : max(width // 2, 1)] = 250
        box = rig.see(picture, 2 + k / 10).box
        assert (box[:, :2] < box[:, 2:]).all()


def test_pictures_are_not_written_to() -> None:
    rig, picture = Rig(), with_block(50)
    before = picture.copy()
    picture.flags.writeable = False
    for k in range(5):
        rig.see(picture, k / 10)
    assert np.array_equal(picture, before)


def test_on_the_street_most_objects_are_found() -> None:
    rig, street = Rig(), Street(101, (640, 360))
    objects = found = boxes = right = 0
    for k in range(120):
        picture, truth = street.at(k / 8)
        seen = rig.see(picture, k / 8)
        overlap = iou(truth.box, seen.box)
        plain = (truth.visible > 0.5) & (truth.box[:, 3] - truth.box[:, 1] > 0.04)
        if k > 24 and overlap.size:
            objects += int(plain.sum())
            found += int((overlap[plain].max(axis=1) >= 0.3).sum())
            boxes += len(seen)
            right += int((overlap.max(axis=0) >= 0.3).sum())
    assert found / objects > 0.5
    assert right / boxes > 0.35
