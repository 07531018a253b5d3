"""Other light and other cameras: brightness, contrast, saturation and hue, as one matrix per picture."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.types import F32, U8

# Rows: luminance, and the two axes of colour (YIQ); hue turns the latter.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@dataclass(frozen=True, slots=True)
class ColourChange:
    """How far colours may go, each way."""

    brightness: float = 0.2  # of the range of pixels, added
    contrast: float = 0.35  # as a factor, up or down
    saturation: float = 0.5  # as a factor, up or down
    hue_rad: float = 0.15  # turned


def recoloured(pixels: U8, change: ColourChange, random: Generator) -> U8:
    """The same picture (h, w, 3) RGB under other light."""
    changed: U8 = cv2.transform(pixels, _matrix(change, random))
    return changed


def _matrix(change: ColourChange, random: Generator) -> F32:
    """(3, 4): what a colour becomes, and what is added."""
    reach = (change.contrast, change.saturation)
    contrast, saturation = (math.exp(random.uniform(-1, 1) * math.log1p(one)) for one in reach)
    turn = random.uniform(-1, 1) * change.hue_rad
    cos, sin = math.cos(turn) * saturation, math.sin(turn) * saturation
    middle = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    colours = contrast * (_FROM_YIQ @ middle @ _TO_YIQ)
    added = 128 * (1 - contrast) + 255 * random.uniform(-1, 1) * change.brightness
    return np.column_stack([colours, np.full(3, added)]).astype(np.float32)
