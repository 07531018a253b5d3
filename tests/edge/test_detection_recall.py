from edge.detection.settings import DetectionSettings
from tests.rigs.small_objects import recall, scenes


def test_crops_find_small_objects_that_the_whole_frame_hides() -> None:
    views = scenes()
    without, default, enough = (recall(crops, views) for crops in (0, DetectionSettings().max_crops, 6))
    assert default >= without + 0.2
    assert enough >= without + 0.4
