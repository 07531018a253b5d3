"""A look as a record and a JPEG that archives take."""

import cv2
import numpy as np
import pytest

from edge.contracts.archive import MOST_PICTURE_BYTES, MOST_SIDE_PX
from edge.contracts.types import U8
from edge.uncertain.noting import noted, pictured
from edge.uncertain.settings import KeepSettings
from tests.rigs.doubts import doubt, look

WIDE = KeepSettings(width=7680, quality=100)
MASK = "a" * 64


def noise(width: int, height: int) -> U8:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def decoded(jpeg: bytes) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def test_without_a_picture_nothing_was_masked() -> None:
    record, jpeg = noted(look(), (doubt(),), {}, WIDE)
    assert (record.picture, record.masks, jpeg) == ("", (), b"")


@pytest.mark.parametrize(
    ("made", "width", "size"), [((64, 48), 64, (64, 48)), ((64, 48), 640, (64, 48)), ((640, 480), 64, (64, 48))]
)
def test_a_picture_is_no_wider_than_wanted(made: tuple[int, int], width: int, size: tuple[int, int]) -> None:
    jpeg, told = pictured(noise(*made), KeepSettings(width=width))
    assert told == size == decoded(jpeg)


def test_a_tall_picture_is_no_taller_than_archives_take() -> None:
    jpeg, told = pictured(np.zeros((2 * MOST_SIDE_PX, 64, 3), np.uint8), WIDE)
    assert told == (32, MOST_SIDE_PX) == decoded(jpeg)


def test_a_picture_of_too_many_bytes_is_made_smaller_until_archives_take_it() -> None:
    pixels = noise(3200, 2400)
    assert len(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])[1]) > MOST_PICTURE_BYTES
    jpeg, told = pictured(pixels, WIDE)
    assert len(jpeg) <= MOST_PICTURE_BYTES
    assert told == decoded(jpeg)
    assert 1000 < told[0] < 3200


def test_a_picture_is_noted_with_its_masks_and_size() -> None:
    one = look(pixels=noise(64, 48), masks=(MASK,))
    record, jpeg = noted(one, (doubt(),), {"model": "b" * 64}, WIDE)
    assert ((record.width, record.height), record.masks) == (decoded(jpeg), (MASK,))
