"""Limbs and faces in the world, and how they become a small picture with soft edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.types import F64, U8
from edge.demo.view import View

Colour = tuple[float, float, float]  # BGR, 0..255
FINE = 2  # sprites are drawn so many times larger, then shrunk
SUN_SHIFT = (0.55, 0.35)  # how far x and z of a shadow move per metre of height
_SHADOW = 0.58  # what is left of the light in a shadow
_FRACTION_BITS = 3


@dataclass(frozen=True, eq=False, slots=True)
class Limb:
    """A thick line in the world: arm, leg, tyre, head (start = end)."""

    points: F64  # (P, 3) corners
    radius_m: float
    colour: Colour
    round_trip: bool = False  # closed


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """A flat polygon in the world."""

    points: F64  # (P, 3)
    colour: Colour


Shape = Limb | Face


@dataclass(frozen=True, eq=False, slots=True)
class Sprite:
    """A small picture that lies over the big one."""

    left: int  # pixels, may be negative
    top: int
    colour: U8  # (h, w, 3) already multiplied by the cover
    cover: U8  # (h, w) 0..255


def sprite(shapes: Sequence[Shape], view: View) -> Sprite:
    """Draw the shapes, later ones over earlier ones."""
    flat = [view.project(shape.points) for shape in shapes]
    widths = [_radius_px(shape, view) for shape in shapes]
    low = np.floor(np.min([p.min(axis=0) - r for p, r in zip(flat, widths, strict=True)], axis=0)) - 1
    high = np.ceil(np.max([p.max(axis=0) + r for p, r in zip(flat, widths, strict=True)], axis=0)) + 1
    low, high = np.maximum(low, -view.width), np.minimum(high, 2 * view.width)
    size = np.maximum(high - low, 1).astype(int)
    canvas = np.zeros((size[1] * FINE, size[0] * FINE, 4), np.uint8)
    for shape, points, radius in zip(shapes, flat, widths, strict=True):
        _draw(canvas, shape, (points - low) * FINE, radius * FINE)
    small = cv2.resize(canvas, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    return Sprite(int(low[0]), int(low[1]), np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))


def shadow(shapes: Sequence[Shape], view: View) -> F64:
    """Outline (P, 2), in pixels, of the shadow that the shapes throw on the ground."""
    points = np.concatenate([shape.points for shape in shapes])
    height = points[:, 1:2]
    ground = points * (1, 0, 1) + height * (SUN_SHIFT[0], 0, SUN_SHIFT[1])
    outline = cv2.convexHull(view.project(ground).astype(np.float32))
    return np.asarray(outline, np.float64).reshape(-1, 2)


def darken(picture: U8, outline: F64) -> tuple[int, int, int, int] | None:
    """Lay a soft shadow on the picture, in place; the touched (left, top, right, bottom), None outside the picture."""
    height, width = picture.shape[:2]
    left, top = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 3, (width, height))
    if left >= right or top >= bottom:
        return None
    shade = np.full((bottom - top, right - left), 255, np.uint8)
    cv2.fillConvexPoly(shade, np.rint(outline - (left, top)).astype(np.int32), 255 * _SHADOW, cv2.LINE_AA)
    part = picture[top:bottom, left:right]
    cv2.multiply(part, cv2.merge([cv2.blur(shade, (3, 3))] * 3), part, 1 / 255)
    return int(left), int(top), int(right), int(bottom)


def lay(picture: U8, what: Sprite) -> tuple[int, int, int, int] | None:
    """Lay a sprite over the picture, in place; the touched rectangle, None outside the picture."""
    height, width = picture.shape[:2]
    left, top = max(what.left, 0), max(what.top, 0)
    right = min(what.left + what.cover.shape[1], width)
    bottom = min(what.top + what.cover.shape[0], height)
    if left >= right or top >= bottom:
        return None
    rows, columns = slice(top - what.top, bottom - what.top), slice(left - what.left, right - what.left)
    through = cv2.bitwise_not(what.cover[rows, columns])
    part = picture[top:bottom, left:right]
    cv2.multiply(part, cv2.merge([through, through, through]), part, 1 / 255)
    cv2.add(part, what.colour[rows, columns], part)
    return left, top, right, bottom


def _radius_px(shape: Shape, view: View) -> float:
    """How far a shape reaches beyond its corners."""
    if isinstance(shape, Face):
        return 0.0
    return shape.radius_m * view.per_metre(float(shape.points[:, 2].mean()))


def _draw(canvas: U8, shape: Shape, points: F64, radius: float) -> None:
    """Draw one shape on the enlarged canvas (h, w, 4)."""
    colour = (*shape.colour, 255.0)
    fixed = np.rint(points * 2**_FRACTION_BITS).astype(np.int32)
    if isinstance(shape, Face):
        cv2.fillPoly(canvas, [fixed], colour, cv2.LINE_8, _FRACTION_BITS)
    elif len(points) == 1:
        centre = (int(fixed[0, 0]), int(fixed[0, 1]))
        cv2.circle(canvas, centre, round(radius * 2**_FRACTION_BITS), colour, -1, cv2.LINE_8, _FRACTION_BITS)
    else:
        thickness = max(1, round(2 * radius))
        cv2.polylines(canvas, [fixed], shape.round_trip, colour, thickness, cv2.LINE_8, _FRACTION_BITS)
