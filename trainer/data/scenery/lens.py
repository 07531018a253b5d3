"""What a camera makes of the light that reaches it: exposure, colours, dark corners, blur, noise."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.types import F32, U8
from trainer.data.scenery.look import Lens

_LOUDEST = 0.35  # of the noise is there in the dark too, the rest grows with the light's root
_STEPS = 8  # of the tables, to one of 255
_SPARE = 61  # rows and columns by which the sheet of noise is larger than a picture


class Camera:
    """Films one scene.

    Args:
        lens: what it is like.
        size: width and height of its pictures.
        random: its noise.
    """

    def __init__(self, lens: Lens, size: tuple[int, int], random: Generator) -> None:
        self._lens, self._random = lens, random
        width, height = size
        balance = np.array(lens.balance, np.float32) * np.float32(lens.gain * _STEPS)
        self._light = np.ascontiguousarray(_corners(width, height, lens.corner) * balance)
        self._sheet = random.standard_normal((height + _SPARE, width + _SPARE, 3), np.float32) * np.float32(lens.noise)
        share = np.linspace(0, 1, 255 * _STEPS + 1, dtype=np.float32) ** np.float32(lens.gamma)
        self._tone = 255 * share
        self._noisy = _LOUDEST + (1 - _LOUDEST) * np.sqrt(2 * share)

    def filmed(self, picture: F32) -> U8:
        """The picture (h, w, 3) as the camera gives it, of light of 0..255 and more."""
        exposed = cv2.multiply(picture, self._light)
        if self._lens.smear_px > 1:
            exposed = cv2.blur(exposed, (math.ceil(self._lens.smear_px), 1))
        if self._lens.blur_px > 0.2:
            exposed = cv2.GaussianBlur(exposed, (0, 0), self._lens.blur_px)
        level = np.clip(exposed, 0, 255 * _STEPS).astype(np.uint16)
        top, left = self._random.integers(_SPARE, size=2).tolist()
        grain = self._sheet[top : top + picture.shape[0], left : left + picture.shape[1]]
        noisy = cv2.add(np.take(self._tone, level), cv2.multiply(grain, np.take(self._noisy, level)))
        return cv2.convertScaleAbs(np.maximum(noisy, 0, out=noisy))


def _corners(width: int, height: int, loss: float) -> F32:
    """(h, w, 1): less light far from the middle."""
    x = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    y = (np.arange(height, dtype=np.float32) + 0.5) / height * 2 - 1
    lost = np.float32(loss / 2) * (x[None] ** 2 + y[:, None] ** 2)
    return (np.float32(1) - lost).astype(np.float32)[..., None]
