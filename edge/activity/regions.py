"""From changed pixels to a few rectangles."""

import cv2
import numpy as np

from edge.contracts.types import F32, U8

CELL = 4  # pixels of the small picture
MOST = 12  # regions; beyond, the smallest are replaced by one around them all
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_FEW = 255 * 2 // CELL**2  # fewer than two changed pixels in a cell are noise
Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2


def regions(changed: U8, least_px: float, padding: float) -> F32:
    """Rectangles (R, 4) around connected changed pixels, as frame fractions, merged, largest first.

    Args:
        changed: (h, w) 255 where changed.
        least_px: connected changes of fewer pixels are left out.
        padding: added on each side, as a fraction of the frame.
    """
    cells = _halved(_halved(changed))
    rows, columns = cells.shape
    _, busy = cv2.threshold(cells, _FEW - 1, 255, cv2.THRESH_BINARY)
    count, label, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(busy, _NEIGHBOURS), ltype=cv2.CV_16U)
    pixels = np.bincount(label.ravel(), cells.ravel(), count) * (CELL**2 / 255)
    boxes = [
        _padded(place, rows, columns, padding)
        for worth, place in zip(pixels.tolist()[1:], stats.tolist()[1:], strict=True)
        if worth >= least_px
    ]
    return np.array(merged(boxes), np.float32).reshape(-1, 4)


def _halved(picture: U8) -> U8:
    """Averages of 2x2 pixels; twice this is a third of the cost of 4x4 at once."""
    height, width = picture.shape
    return cv2.resize(picture, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)


def _padded(place: list[int], rows: int, columns: int, padding: float) -> Rectangle:
    """Frame fractions of left, top, width, height (and more) in dilated cells.

    The dilation added one cell on each side, except where the picture ends.
    """
    left, top, right, bottom = place[0], place[1], place[0] + place[2], place[1] + place[3]
    return (
        max((left + (left > 0)) / columns - padding, 0.0),
        max((top + (top > 0)) / rows - padding, 0.0),
        min((right - (right < columns)) / columns + padding, 1.0),
        min((bottom - (bottom < rows)) / rows + padding, 1.0),
    )


def merged(boxes: list[Rectangle]) -> list[Rectangle]:
    """Overlapping rectangles replaced by the one around them, until none overlap; largest first; at most `MOST`.

    Plain numbers: for the handful that one picture has, array operations cost several times as much.
    """
    apart: list[Rectangle] = []
    for box in boxes:
        _join(apart, box)
    apart.sort(key=_area, reverse=True)
    while len(apart) > MOST:
        rest = apart[MOST - 1 :]
        del apart[MOST - 1 :]
        _join(apart, _around(rest))
        apart.sort(key=_area, reverse=True)
    return apart


def _join(apart: list[Rectangle], box: Rectangle) -> None:
    """Add a rectangle to those that do not overlap; it swallows, growing, all that it overlaps."""
    while True:
        touching = [one for one in apart if _overlap(one, box)]
        if not touching:
            apart.append(box)
            return
        apart[:] = [one for one in apart if not _overlap(one, box)]
        box = _around([box, *touching])


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _area(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _around(boxes: list[Rectangle]) -> Rectangle:
    """The rectangle around all."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
