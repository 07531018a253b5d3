"""Parts of the picture that nobody may see, and parts in which motion does not count."""

import hashlib
import json
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, Field

from edge.contracts.types import U8

Point = tuple[float, float]
Corners = NDArray[np.int32]  # (P, 2)
SUBPIXEL_BITS = 8


def polygon(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The corners, checked.

    Raises:
        ValueError: fewer than three of them, or one outside of the picture.
    """
    if len(points) < 3:
        raise ValueError(f"a polygon needs at least 3 points, this one has {len(points)}")
    for number, (x, y) in enumerate(points, start=1):
        if not (0 <= x <= 1 and 0 <= y <= 1):  # also true for NaN
            raise ValueError(f"point {number}, [{x:g}, {y:g}], is outside of the picture; use fractions, 0 to 1")
    return points


Polygon = Annotated[tuple[Point, ...], AfterValidator(polygon)]


class MaskSettings(BaseModel, extra="forbid", frozen=True):
    """Polygons in fractions of the frame: `[[x, y], [x, y], [x, y], ...]`, origin top left."""

    privacy: tuple[Polygon, ...] = Field((), description="Blackened before anything else sees the picture")
    motion: tuple[Polygon, ...] = Field((), description="Motion here does not count: trees, flags, a clock")


class PrivacyMask:
    """Blackens polygons in pictures, in place: the `paint` of a camera. Used by one thread."""

    def __init__(self, polygons: tuple[Polygon, ...]) -> None:
        self._polygons = polygons
        self._size = (0, 0)
        self._corners: list[Corners] = []

    def __call__(self, pixels: U8) -> None:
        """Blacken pixels (height, width, 3), every pixel that a polygon covers, and up to two around."""
        size = (pixels.shape[1], pixels.shape[0])
        if size != self._size:
            self._size, self._corners = size, _corners(self._polygons, *size)
        _blacken(pixels, self._corners)


def fingerprints(polygons: tuple[Polygon, ...]) -> tuple[str, ...]:
    """By what masks are known wherever they were applied: the SHA-256 of each polygon, in order, none twice."""
    texts = (json.dumps([[float(x), float(y)] for x, y in points]) for points in polygons)
    return tuple(sorted({hashlib.sha256(text.encode()).hexdigest() for text in texts}))


def _corners(polygons: tuple[Polygon, ...], width: int, height: int) -> list[Corners]:
    """Corners (P, 2) in 1/256 pixels, as OpenCV counts: pixel centres are whole numbers, so edges lie at -0.5."""
    size = np.array([width, height])
    return [np.round((np.array(points) * size - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32) for points in polygons]


def _blacken(pixels: U8, corners: list[Corners]) -> None:
    black = (0, 0, 0)
    for points in corners:
        cv2.fillPoly(pixels, [points], black, shift=SUBPIXEL_BITS)
        # Filling alone leaves single pixels out along slanted edges; the outline takes them in.
        cv2.polylines(pixels, [points], isClosed=True, color=black, thickness=2, shift=SUBPIXEL_BITS)
