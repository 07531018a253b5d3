"""One training picture out of labelled ones: scaled, moved, cropped, mirrored, recoloured, and four in one (mosaic).

What the network sees is made as serving makes it: RGB, grey 114 where there is no picture. Everything follows from
the random generator that is handed in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.preprocess import PADDING
from edge.contracts.types import F32, I64, U8
from trainer.data.colour import ColourChange, recoloured


class Sample(NamedTuple):
    """A picture and what is in it."""

    pixels: U8  # (h, w, 3) RGB
    box: F32  # (N, 4) corners, fractions of the picture
    label: I64  # (N,)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much pictures are changed. Defaults suit a few hundred photographs and more."""

    smallest: float = 0.5  # side of the picture, 1 = it fills the network's picture as it will in service
    largest: float = 1.6
    stretch: float = 0.15  # of the aspect, as a logarithm
    mirrored: float = 0.5  # share of samples
    mosaic: float = 0.5  # share of samples that are made of four pictures (Bochkovskiy et al., YOLOv4, 2020)
    visible: float = 0.3  # an object of which less is left is no longer looked for
    colour: ColourChange = field(default_factory=ColourChange)

    def without_mosaic(self) -> "Augmentation":
        """The same but for mosaics."""
        return replace(self, mosaic=0.0)


Draw = Callable[[Generator], Sample]


def augmented(first: Sample, draw: Draw, size: int, change: Augmentation, random: Generator) -> Sample:
    """A training sample (size, size, 3).

    Args:
        first: the sample whose turn it is.
        draw: gives further ones for a mosaic.
        size: side of the network's picture, pixels.
        change: how much it is changed.
        random: all of the chance in it.
    """
    canvas: U8 = np.full((size, size, 3), PADDING, np.uint8)
    if random.random() < change.mosaic:
        samples = [first, *(draw(random) for _ in range(3))]
        middle_x, middle_y = (round(size * share) for share in random.uniform(0.3, 0.7, 2))
        corners = ((0, 0, middle_x, middle_y), (middle_x, 0, size, middle_y), (0, middle_y, middle_x, size))
        parts = [*corners, (middle_x, middle_y, size, size)]
    else:
        samples, parts = [first], [(0, 0, size, size)]
    found = [_painted(canvas, part, one, change, random) for part, one in zip(parts, samples, strict=True)]
    box, label = (np.concatenate(those) for those in zip(*found, strict=True))
    return Sample(canvas, (box / size).astype(np.float32), label)


def _painted(
    canvas: U8, part: tuple[int, int, int, int], sample: Sample, change: Augmentation, random: Generator
) -> tuple[F32, I64]:
    """Put a sample into a part (x1, y1, x2, y2) of the canvas; its boxes there, pixels, and their labels."""
    x1, y1, x2, y2 = part
    height, width = sample.pixels.shape[:2]
    side = math.exp(random.uniform(math.log(change.smallest), math.log(change.largest))) * max(x2 - x1, y2 - y1)
    stretch = math.exp(random.uniform(-change.stretch, change.stretch) / 2)
    scale = np.array([stretch, 1 / stretch]) * side / max(width, height)
    free = np.array([x2 - x1, y2 - y1]) - scale * (width, height)
    move = random.uniform(np.minimum(free, 0), np.maximum(free, 0))
    box = sample.box.astype(np.float64) * (width, height, width, height)
    if random.random() < change.mirrored:
        move[0] += scale[0] * width
        scale = scale * (-1, 1)
        box = box[:, [2, 1, 0, 3]]
    centred = move + (scale - 1) / 2  # OpenCV counts from the middle of a pixel, boxes from its edge
    matrix = np.array([[scale[0], 0, centred[0]], [0, scale[1], centred[1]]], np.float32)
    pixels = recoloured(sample.pixels, change.colour, random)
    cv2.warpAffine(pixels, matrix, (x2 - x1, y2 - y1), dst=canvas[y1:y2, x1:x2], borderMode=cv2.BORDER_TRANSPARENT)
    moved = box * np.tile(scale, 2) + np.tile(move, 2)
    inside = np.clip(moved, 0, (x2 - x1, y2 - y1, x2 - x1, y2 - y1))
    keep = _area(inside) > np.maximum(change.visible * _area(moved), 1.0)
    return (inside[keep] + (x1, y1, x1, y1)).astype(np.float32), sample.label[keep]


def _area(box: np.ndarray) -> np.ndarray:
    return (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
