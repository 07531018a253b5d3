"""Augmentation: boxes stay on what they are boxes of, whatever is done to the picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.pictures import squares
from trainer.data.augment import Augmentation, Sample, augmented
from trainer.data.colour import ColourChange, recoloured
from trainer.data.pixels import Pixels

PLAIN = Augmentation(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, ColourChange(0.0, 0.0, 0.0, 0.0))
SIZE = 64


def drawn(folder: Path, count: int = 8) -> list[Sample]:
    pixels, dataset = Pixels(SIZE), squares(folder, count)
    read = [(pixels.read(picture.path), picture) for picture in dataset.pictures]
    return [Sample(one, picture.box, picture.label) for one, picture in read if one is not None]


def coloured(sample: Sample) -> np.ndarray:
    """(h, w) 0 = grey, 1 = red, 2 = blue."""
    red, green, blue = (sample.pixels[..., n].astype(int) for n in range(3))
    return np.where(red > green + 60, 1, np.where(blue > green + 60, 2, 0))


def test_nothing_changed_is_the_letterbox_of_service(tmp_path: Path) -> None:
    (sample, *_) = drawn(tmp_path)
    made = augmented(sample, lambda _: sample, SIZE, PLAIN, np.random.default_rng(0))
    assert made.pixels.shape == (SIZE, SIZE, 3)
    seen = np.where(np.any(made.pixels != 114, axis=2))
    assert (seen[0].max() - seen[0].min() + 1, seen[1].max() - seen[1].min() + 1) == (48, 64)


@pytest.mark.parametrize(
    "change",
    [
        PLAIN,
        replace(PLAIN, mirrored=1.0),
        replace(PLAIN, smallest=0.5, largest=0.5),
        replace(PLAIN, smallest=1.6, largest=1.6),
        replace(PLAIN, stretch=0.3),
        replace(PLAIN, mosaic=1.0, largest=1.5, mirrored=0.5),
        Augmentation(colour=ColourChange(0.05, 0.1, 0.1, 0.05)),
    ],
)
def test_boxes_stay_on_their_objects(tmp_path: Path, change: Augmentation) -> None:
    samples = drawn(tmp_path)
    random = np.random.default_rng(3)
    boxes = 0
    for first in samples * 3:
        made = augmented(first, lambda r: samples[int(r.integers(len(samples)))], SIZE, change, random)
        colour = coloured(made)
        for box, label in zip(made.box * SIZE, made.label, strict=True):
            x1, y1, x2, y2 = (round(float(edge)) for edge in box)
            inside = colour[y1:y2, x1:x2]
            if min(inside.shape) >= 6:
                boxes += 1
                assert (inside == label + 1).mean() > 0.7
                around = colour[max(0, y1 - 2) : y2 + 2, max(0, x1 - 2) : x2 + 2]
                assert (around == label + 1).sum() <= 1.3 * (inside == label + 1).sum()
    assert boxes >= 10


def test_objects_of_which_little_is_left_are_not_looked_for(tmp_path: Path) -> None:
    samples = drawn(tmp_path)
    change = replace(PLAIN, smallest=3.0, largest=3.0, visible=0.99)
    random = np.random.default_rng(1)
    made = [augmented(one, lambda _: samples[0], SIZE, change, random) for one in samples]
    assert sum(len(one.label) for one in made) < sum(len(one.label) for one in samples)
    assert all(((one.box >= 0) & (one.box <= 1)).all() for one in made)


def test_the_same_chance_makes_the_same_picture(tmp_path: Path) -> None:
    samples = drawn(tmp_path)

    def made(seed: int) -> Sample:
        return augmented(samples[0], lambda _: samples[1], SIZE, Augmentation(), np.random.default_rng(seed))

    assert np.array_equal(made(4).pixels, made(4).pixels)
    assert not np.array_equal(made(4).pixels, made(5).pixels)


def test_colours_change_and_grey_stays_grey() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    made = recoloured(grey, ColourChange(0.0, 0.0, 1.0, 1.0), np.random.default_rng(0))
    assert np.abs(made.astype(int) - 100).max() <= 1
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert np.abs(recoloured(red, ColourChange(), np.random.default_rng(0)).astype(int) - red).max() > 5
