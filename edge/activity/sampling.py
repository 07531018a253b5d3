"""The small grey picture that motion is looked for in: every n-th green sample of every n-th row, lightly blurred.

Green alone carries most of the brightness; taking it from a strided view touches a fraction of the memory that a
conversion to grey would (0.03 ms instead of 0.3 ms for 1280x720 on the machine of the benchmarks).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.contracts.types import U8

WIDTH = 320  # about; the true width is that of the picture divided by a whole number
Polygon = Sequence[tuple[float, float]]  # corners as frame fractions


def stride(width: int, height: int) -> int:
    """Every how many pixels one is taken from a picture; never so many that a low one would have none left."""
    return max(1, min(round(width / WIDTH), height))


def small_grey(pixels: U8, step: int) -> U8:
    """Green samples (h // step, w // step) of a BGR picture (h, w, 3), averaged over 3x3 neighbours."""
    half = step // 2
    return cv2.blur(np.ascontiguousarray(pixels[half::step, half::step, 1]), (3, 3))


def small_colour(pixels: U8, step: int) -> U8:
    """The same with all three channels, (h // step, w // step, 3)."""
    half = step // 2
    return cv2.blur(np.ascontiguousarray(pixels[half::step, half::step]), (3, 3))


def visible(masked: Sequence[Polygon] | U8 | None, shape: tuple[int, int]) -> U8:
    """255 where motion counts, 0 inside the masked polygons, (h, w) as `shape` says.

    Args:
        masked: polygons in frame fractions, or a raster of any size that is not 0 where motion is to be ignored.
        shape: height and width of the result.
    """
    height, width = shape
    if isinstance(masked, np.ndarray):
        ignored = cv2.resize(masked, (width, height), interpolation=cv2.INTER_NEAREST)
        return np.where(ignored == 0, np.uint8(255), np.uint8(0))
    counts = np.full(shape, 255, np.uint8)
    for polygon in masked or ():
        corners = np.asarray(polygon, np.float64).reshape(-1, 2) * (width, height)
        cv2.fillPoly(counts, [np.rint(corners).astype(np.int32)], 0)
    return counts
