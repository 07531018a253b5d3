"""From changed pixels to a few rectangles."""

import cv2
import numpy as np

from edge.contracts.boxes import area, intersection
from edge.contracts.types import F32, U8, Mask

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
    """Overlapping rectangles (R, 4) replaced by the one around them, until none overlap; largest first."""
    while len(box) > 1:
        touching = intersection(box, box) > 0
        if touching.sum() == len(box):
            break
        box = _join(box, touching)
    box = box[np.argsort(-area(box), kind="stable")]
    if len(box) <= MOST:
        return box
    return merged(np.concatenate([box[: MOST - 1], _around(box[MOST - 1 :])]))


def _join(box: F32, touching: Mask) -> F32:
    """One rectangle per group of rows that touch the group's first row."""
    left = np.ones(len(box), bool)
    joined = []
    for row in range(len(box)):
        group = touching[row] & left
        if group.any():
            joined.append(_around(box[group]))
            left &= ~group
    return np.concatenate(joined)


def _around(box: F32) -> F32:
    """The rectangle (1, 4) around all."""
    return np.concatenate([box[:, :2].min(axis=0), box[:, 2:].max(axis=0)])[None]
