"""Whether a live camera still shows the world: pictures that never change, and pictures of nothing.

A frozen camera goes on sending the same picture; what was in it would stay present for ever. A sensor is never free of
noise, and even an encoder that sends a still scene without any changes the picture with its next key frame, so pictures
that are equal in every pixel for `frozen_s` are no pictures of now.
"""

from enum import StrEnum

import numpy as np
from pydantic import BaseModel, Field

from edge.contracts.types import F32, U8, Frame

SAMPLES = 48  # about so many rows, and columns, are looked at
CONTRAST_AGAIN = 1.6  # times the contrast of a covered camera at which it is held to be uncovered


class CameraWatchSettings(BaseModel, extra="forbid", frozen=True):
    """When a camera is held to be of no use."""

    stalled_s: float = Field(5.0, ge=0.5, le=600, description="seconds without a picture after which it is opened anew")
    frozen_s: float = Field(8.0, ge=0, le=3600, description="seconds of the very same picture; 0: never frozen")
    covered_s: float = Field(5.0, ge=0, le=3600, description="seconds of next to no contrast; 0: never covered")
    contrast: float = Field(2.5, ge=0, le=128, description="a picture with less is black or covered, levels of 255")


class Showing(StrEnum):
    """What a camera shows."""

    SCENE = "scene"
    FROZEN = "frozen"
    COVERED = "covered"


class PictureWatch:
    """Looks at each picture of one live camera, over all its openings: one that was frozen may be so again."""

    def __init__(self, settings: CameraWatchSettings) -> None:
        self._settings = settings
        self._before: U8 | None = None
        self._changed_s = self._clear_s = -np.inf
        self._covered = False

    def step(self, frame: Frame) -> Showing:
        """What the newest picture shows. Costs some 0.02 ms, and a comparison of all pixels only where it looks frozen.

        Args:
            frame: times go on over all openings.
        """
        if self._same(frame.pixels):
            if self._settings.frozen_s and frame.t_s - self._changed_s >= self._settings.frozen_s:
                return Showing.FROZEN
        else:
            self._changed_s = frame.t_s
        self._before = frame.pixels
        return Showing.COVERED if self._is_covered(frame) else Showing.SCENE

    def _same(self, pixels: U8) -> bool:
        before = self._before
        if before is None or before.shape != pixels.shape:
            return False
        return np.array_equal(sample(before), sample(pixels)) and np.array_equal(before, pixels)

    def _is_covered(self, frame: Frame) -> bool:
        settings = self._settings
        if not settings.covered_s:
            return False
        limit = settings.contrast * (CONTRAST_AGAIN if self._covered else 1.0)
        if contrast(frame.pixels) >= limit or not np.isfinite(self._clear_s):
            self._clear_s, self._covered = frame.t_s, False
        elif frame.t_s - self._clear_s >= settings.covered_s:
            self._covered = True
        return self._covered


def sample(pixels: U8) -> U8:
    """Some of the green samples, about `SAMPLES` rows and columns."""
    rows, columns = (max(1, side // SAMPLES) for side in pixels.shape[:2])
    return pixels[rows // 2 :: rows, columns // 2 :: columns, 1]


def contrast(pixels: U8) -> float:
    """Standard deviation of the picture's brightness at large, levels of 255: noise is averaged out."""
    some = sample(pixels)
    rows, columns = (side // 6 * 6 for side in some.shape)
    if not rows or not columns:
        return float(some.std())
    large: F32 = some[:rows, :columns].reshape(rows // 6, 6, columns // 6, 6).mean(axis=(1, 3), dtype=np.float32)
    return float(large.std())
