"""Connected changed pixels, what they are worth, and which of them are no objects."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.types import F32, I64, U8, Mask

_NEIGHBOURS = np.ones((3, 3), np.uint8)
_UPRIGHT = np.ones((7, 3), np.uint8)  # head, coat and legs may differ in brightness; join upwards more than sideways
_DARKENED = (0.45, 0.92)  # share of the light that a cast shadow leaves
_TINT = 0.07  # the shares of the three channels differ by no more in a shadow


@dataclass(frozen=True, eq=False, slots=True)
class Blobs:
    """B blobs of one small picture."""

    label: U8 | I64  # (h, w) 0 = none, else row + 1
    rectangle: I64  # (B, 4) left, top, width, height in small pixels


def blobs(changed: U8, least_px: float) -> Blobs:
    """Blobs of at least `least_px` pixels of a mask (h, w), small gaps closed."""
    closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, _UPRIGHT)
    count, label, stats, _ = cv2.connectedComponentsWithStats(closed)
    large = np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= least_px) + 1
    renumber = np.zeros(count, np.int64)
    renumber[large] = np.arange(1, len(large) + 1)
    return Blobs(renumber[label], stats[large, :4].astype(np.int64))


def most(picture: U8) -> U8:
    """Largest of the three channels of (h, w, 3), as (h, w); many times faster than `np.max` over so short an axis."""
    blue, green, red = cv2.split(picture)
    return cv2.max(cv2.max(blue, green), red)


def least(picture: U8) -> U8:
    """Smallest of the three channels of (h, w, 3), as (h, w)."""
    blue, green, red = cv2.split(picture)
    return cv2.min(cv2.min(blue, green), red)


def window(rectangle: I64, margin: int = 0) -> tuple[slice, slice]:
    """Rows and columns of a rectangle (4,), `margin` wider."""
    left, top, width, height = (int(x) for x in rectangle)
    return slice(max(top - margin, 0), top + height + margin), slice(max(left - margin, 0), left + width + margin)


def is_ghost(inside: Mask, grey: U8, expected: U8) -> bool:
    """Whether a blob is what an object left behind: its outline is an edge of the old scene, not of the new picture.

    Args:
        inside: (h, w) the blob, with a margin.
        grey: (h, w) the picture there.
        expected: (h, w) the scene there.
    """
    solid = inside.astype(np.uint8)
    rim = cv2.dilate(solid, _NEIGHBOURS) - cv2.erode(solid, _NEIGHBOURS) > 0
    now = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, _NEIGHBOURS)[rim].mean()
    before = cv2.morphologyEx(expected, cv2.MORPH_GRADIENT, _NEIGHBOURS)[rim].mean()
    return bool(before > 1.5 * now + 4)


def without_shadow(changed: U8, picture: U8, expected: U8) -> U8:
    """The mask (h, w) without cast shadows, which otherwise join neighbours and make boxes too large.

    A shadow takes about the same limited share of the light from all three channels.

    Args:
        changed: (h, w) 255 where changed.
        picture: (h, w, 3) the picture.
        expected: (h, w, 3) the scene.
    """
    share = cv2.divide(picture, np.maximum(expected, np.uint8(1)), scale=128)
    low, high = least(share), most(share)
    dimmed = (low > 128 * _DARKENED[0]) & (high < 128 * _DARKENED[1]) & (cv2.subtract(high, low) < 128 * _TINT)
    return np.where(dimmed, np.uint8(0), changed)


def fractions(rectangle: I64, step: int, width: int, height: int) -> F32:
    """Boxes (B, 4) as frame fractions from rectangles (B, 4) in small pixels; half a pixel of blur taken off.

    Args:
        rectangle: left, top, width, height.
        step: picture pixels per small pixel.
        width: of the picture.
        height: of the picture.
    """
    corners = rectangle.astype(np.float32)
    blurred = np.float32(BLUR) * (corners[:, 2:] > 1)  # a single pixel keeps its size
    corners[:, 2:] += corners[:, :2]
    corners += np.concatenate([blurred, -blurred], axis=1)
    return np.clip(corners * step / np.array([width, height] * 2, np.float32), 0, 1)


BLUR = 0.5
