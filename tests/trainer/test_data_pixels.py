"""Pixels: decoded once while they fit, none for what cannot be decoded."""

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.pictures import squares
from trainer.data.pixels import Pixels
from trainer.data.readable import only_readable


def test_a_picture_is_red_green_blue_and_kept(tmp_path: Path) -> None:
    picture = squares(tmp_path, 1).pictures[0]
    pixels = Pixels(96)
    first = pixels.read(picture.path)
    assert first is not None
    assert first.shape == (72, 96, 3)
    picture.path.unlink()
    assert pixels.read(picture.path) is first


def test_large_pictures_are_kept_smaller(tmp_path: Path) -> None:
    picture = squares(tmp_path, 1, size=(400, 200)).pictures[0]
    small = Pixels(64).read(picture.path)
    assert small is not None
    assert small.shape == (64, 128, 3)


def test_what_does_not_fit_is_read_again(tmp_path: Path) -> None:
    one, other = squares(tmp_path, 2).pictures
    pixels = Pixels(96, cache_bytes=72 * 96 * 3)
    first = pixels.read(one.path)
    pixels.read(other.path)
    again = pixels.read(one.path)
    assert again is not first
    assert np.array_equal(np.asarray(again), np.asarray(first))


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_what_cannot_be_decoded_is_left_out_and_listed(tmp_path: Path, content: bytes) -> None:
    dataset = squares(tmp_path, 3)
    dataset.pictures[1].path.write_bytes(content)
    told: list[int] = []
    kept, lost = only_readable(dataset, told.append)
    assert [picture.path.name for picture in kept.pictures] == ["000.png", "002.png"]
    assert lost == (dataset.pictures[1].path,)
    assert told == [1, 2, 3]
