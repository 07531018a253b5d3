"""From pixels to a model's input tensor, and from its boxes back to the frame.

Training, calibration, evaluation and serving all come through here, so that a model sees the same numbers everywhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.types import F32, U8, ColourOrder, InputRecipe, Resize
from edge.contracts.values import storer

Region = tuple[float, float, float, float]

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
PADDING = 114  # the grey of a letterbox, as YOLO-family models are trained with


class Imaging(Protocol):
    """What is borrowed from an image library, so that this package needs none."""

    def resize(self, pixels: U8, out: U8) -> None:
        """Fill `out` (h, w, 3) with `pixels` (any h, any w, 3), bilinear, edges on edges."""

    def swap(self, pixels: U8, out: U8) -> None:
        """Fill `out` with `pixels`, both (h, w, 3), first and last channel exchanged."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model's input lies in the frame: `frame = origin + model * extent`, all of it in fractions.

    `region` is the part of the frame that was looked at, on whole pixels. The model's input reaches beyond it by the
    padding of a letterbox.
    """

    region: Region
    origin: tuple[float, float]
    extent: tuple[float, float]

    def to_frame(self, box: F32) -> F32:
        """Boxes (…, 4) in fractions of the model's input, as fractions of the frame; not clipped."""
        extent, origin = self._columns()
        return box * extent + origin

    def to_model(self, box: F32) -> F32:
        """Boxes (…, 4) in fractions of the frame, as fractions of the model's input; not clipped."""
        extent, origin = self._columns()
        return (box - origin) / extent

    def _columns(self) -> tuple[F32, F32]:
        return np.array(self.extent * 2, np.float32), np.array(self.origin * 2, np.float32)


class Preprocess:
    """Makes input tensors for one model. The tensor is a buffer of this object, valid until its next call."""

    def __init__(self, recipe: InputRecipe, imaging: Imaging) -> None:
        self.width, self.height = input_size(recipe)
        self._imaging = imaging
        self._letterbox = recipe.resize is Resize.LETTERBOX
        self._canvas: U8 = np.full((self.height, self.width, 3), PADDING, np.uint8)
        self._swapped: U8 | None = np.empty_like(self._canvas) if recipe.order is ColourOrder.RGB else None
        self._store: Callable[[U8], NDArray[Any]] = storer(recipe)
        self._filled = (0, 0)

    def __call__(self, pixels: U8, region: Region = WHOLE) -> tuple[NDArray[Any], Placement]:
        """Bring a picture, or a region of it, to the model.

        Args:
            pixels: (height, width, 3) BGR.
            region: (x1, y1, x2, y2) frame fractions; widened to whole pixels, at least one.

        Returns:
            The tensor of `recipe.tensor`, and where it lies in the frame.
        """
        height, width = pixels.shape[:2]
        x1, y1, x2, y2 = whole_pixels(region, width, height)
        inner_w, inner_h = self._inner(x2 - x1, y2 - y1)
        self._refill(inner_w, inner_h)
        self._imaging.resize(pixels[y1:y2, x1:x2], self._canvas[:inner_h, :inner_w])
        placement = Placement(
            region=(x1 / width, y1 / height, x2 / width, y2 / height),
            origin=(x1 / width, y1 / height),
            extent=((x2 - x1) / width * self.width / inner_w, (y2 - y1) / height * self.height / inner_h),
        )
        return self._store(self._ordered())[None], placement

    def _inner(self, width: int, height: int) -> tuple[int, int]:
        """Size in pixels that the picture takes in the model's input; a letterbox starts at the top left."""
        if not self._letterbox:
            return self.width, self.height
        ratio = min(self.width / width, self.height / height)
        return max(1, min(self.width, round(width * ratio))), max(1, min(self.height, round(height * ratio)))

    def _refill(self, inner_w: int, inner_h: int) -> None:
        if (inner_w, inner_h) != self._filled:
            self._canvas[:] = PADDING
            self._filled = (inner_w, inner_h)

    def _ordered(self) -> U8:
        if self._swapped is None:
            return self._canvas
        self._imaging.swap(self._canvas, self._swapped)
        return self._swapped


def input_size(recipe: InputRecipe) -> tuple[int, int]:
    """Width and height in pixels of a model's input.

    Raises:
        ModelError: the input is no picture.
    """
    shape = recipe.tensor.shape
    if len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or min(shape) < 1:
        raise ModelError(
            f"input {recipe.tensor.name!r} has shape {shape}; a model for pictures takes (1, height, width, 3): "
            "export it with a fixed batch of 1"
        )
    return shape[2], shape[1]


def whole_pixels(region: Region, width: int, height: int) -> tuple[int, int, int, int]:
    """The smallest rectangle of whole pixels around a region of the frame, inside the frame, never empty."""
    x1, x2 = _span(region[0], region[2], width)
    y1, y2 = _span(region[1], region[3], height)
    return x1, y1, x2, y2


def _span(low: float, high: float, size_px: int) -> tuple[int, int]:
    slack = 1e-3  # of a pixel: what float32 fractions of a whole pixel are off
    first = min(max(math.floor(low * size_px + slack), 0), size_px - 1)
    last = min(max(math.ceil(high * size_px - slack), first + 1), size_px)
    return first, last
