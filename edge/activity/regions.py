"""From changed pixels to a few rectangles."""

import cv2
import numpy as np

from edge.contracts.types import F32, U8

Rectangle = tuple[float, float, float, float]

CELL = 4  # pixels of the small picture
MOST = 12  # regions; beyond, the smallest join the nearest overlap: one around them all
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_FEW = np.uint8(255 * 2 // CELL**2)  # fewer than two changed pixels in a cell are noise


def regions(changed: U8, least_px: float, padding: float) -> F32:
    """Rectangles (R, 4) around connected changed pixels, as frame fractions, merged, largest first.

    Args:
        changed: (h, w) 255 where changed.
        least_px: connected changes of fewer pixels are left out.
        padding: added on each side, as a fraction of the frame.
    """
    height, width = changed.shape
    cells = cv2.resize(changed, (-(-width // CELL), -(-height // CELL)), interpolation=cv2.INTER_AREA)
    busy = cv2.compare(cells, float(_FEW) - 1, cv2.CMP_GT)
    count, label, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(busy, _NEIGHBOURS))
    pixels = np.bincount(label.ravel(), weights=cells.ravel(), minlength=count)[1:] * (CELL**2 / 255)
    corners = stats[1:, :4][pixels >= least_px].astype(np.float32)
    corners[:, :2] += 1  # the dilation again
    corners[:, 2:] += corners[:, :2] - 2
    box = corners / np.array([*cells.shape[::-1], *cells.shape[::-1]], np.float32)
    padded = np.clip(box + np.array([-padding, -padding, padding, padding], np.float32), 0, 1)
    return merged(padded)


def merged(box: F32) -> F32:
    """Overlapping rectangles (R, 4) replaced by the one around them, until none overlap; largest first.

    Plain lists: there are a handful of rectangles, and arrays of that size cost more than they carry.
    """
    apart: list[Rectangle] = []
    for rectangle in box.tolist():
        _join(apart, tuple(rectangle))
    apart.sort(key=_area, reverse=True)
    while len(apart) > MOST:
        small = [apart.pop() for _ in range(len(apart) - MOST + 1)]
        _join(apart, _around(small))
        apart.sort(key=_area, reverse=True)
    return np.array(apart, np.float32).reshape(-1, 4)


def _join(apart: list[Rectangle], new: Rectangle) -> None:
    """Add a rectangle to some that do not overlap, in place; with those that it overlaps it becomes one."""
    while True:
        left, top, right, bottom = new
        touched = [r for r in apart if r[0] < right and left < r[2] and r[1] < bottom and top < r[3]]
        if not touched:
            apart.append(new)
            return
        for rectangle in touched:
            apart.remove(rectangle)
        new = _around([new, *touched])


def _area(rectangle: Rectangle) -> float:
    left, top, right, bottom = rectangle
    return (right - left) * (bottom - top)


def _around(rectangles: list[Rectangle]) -> Rectangle:
    """The rectangle around all."""
    left, top, right, bottom = zip(*rectangles, strict=True)
    return min(left), min(top), max(right), max(bottom)
