import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts.types import F32, U8
from edge.masks import MaskSettings, Polygon, PrivacyMask, fingerprints

LEFT_HALF: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
TRIANGLE: Polygon = ((0.1, 0.2), (0.9, 0.5), (0.3, 0.8))


def white(width: int = 64, height: int = 48) -> U8:
    return np.full((height, width, 3), 255, np.uint8)


def depth_px(polygon: Polygon, width: int, height: int) -> F32:
    """How far inside of the polygon every pixel's centre lies, negative outside, point by point."""
    outline = np.array(polygon, np.float32) * np.array([width, height], np.float32)
    rows = [[cv2.pointPolygonTest(outline, (x + 0.5, y + 0.5), True) for x in range(width)] for y in range(height)]
    return np.array(rows, np.float32)


def test_without_polygons_nothing_changes() -> None:
    pixels = white()
    PrivacyMask(())(pixels)
    assert pixels.min() == 255
    assert MaskSettings() == MaskSettings(privacy=(), motion=())


@pytest.mark.parametrize("polygon", [LEFT_HALF, TRIANGLE, ((0, 0), (1, 0), (1, 1), (0, 1)), ((0, 0), (1, 1), (1, 0.9))])
def test_every_pixel_inside_is_blackened_and_none_far_outside(polygon: Polygon) -> None:
    pixels = white()
    PrivacyMask((polygon,))(pixels)
    black = (pixels == 0).all(axis=2)
    depth = depth_px(polygon, 64, 48)
    assert black[depth > 0].all()
    assert not black[depth < -2.5].any()
    assert ((pixels == 0) | (pixels == 255)).all()


def test_polygons_that_overlap_are_both_blackened() -> None:
    pixels = white()
    PrivacyMask((LEFT_HALF, ((0.25, 0.0), (1.0, 0.0), (1.0, 1.0), (0.25, 1.0))))(pixels)
    assert pixels.max() == 0


def test_a_mask_follows_the_size_of_the_picture() -> None:
    paint = PrivacyMask((LEFT_HALF,))
    for width, height in ((64, 48), (640, 360), (64, 48), (48, 64)):
        pixels = white(width, height)
        paint(pixels)
        assert pixels[:, : width // 2].max() == 0
        assert pixels[:, width // 2 + 2 :].min() == 255


@pytest.mark.parametrize(
    ("polygon", "complaint"),
    [
        ([], "at least 3 points, this one has 0"),
        ([[0, 0], [1, 1]], "at least 3 points, this one has 2"),
        ([[0, 0], [1, 0], [1.5, 1]], "point 3, [1.5, 1], is outside of the picture"),
        ([[0, 0], [-0.1, 0], [1, 1]], "point 2, [-0.1, 0], is outside of the picture"),
        ([[0, 0], [float("nan"), 0], [1, 1]], "point 2, [nan, 0], is outside of the picture"),
        ([[0, 0], [1, 0], [1]], "Field required"),
        ([[0, 0], [1, 0], ["x", 1]], "valid number"),
    ],
)
@pytest.mark.parametrize("field", ["privacy", "motion"])
def test_bad_polygons_are_refused(field: str, polygon: object, complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MaskSettings.model_validate({field: [LEFT_HALF, polygon]})
    assert complaint in str(refused.value)
    assert refused.value.errors()[0]["loc"][:2] == (field, 1)


def test_masks_are_known_again_in_whatever_order() -> None:
    first, second = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
    assert fingerprints(()) == ()
    assert fingerprints((first, second)) == fingerprints((second, first, first))
    assert set(fingerprints((first,))) < set(fingerprints((first, second)))
    assert fingerprints((((0, 0), (1, 0), (1, 1)),)) == fingerprints((first,))
    assert all(len(one) == 64 for one in fingerprints((first, second)))
