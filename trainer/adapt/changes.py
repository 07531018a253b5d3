"""Whether a frame shows anything new: training on the same picture a hundred times teaches it once."""

import cv2
import numpy as np

from edge.contracts.types import U8, Mask

WIDTH = 320  # pixels at which frames are compared
LEAST = 12.0  # of 255: smaller differences are noise


class Changes:
    """Remembers the frame that was taken last."""

    def __init__(self) -> None:
        self._last: np.typing.NDArray[np.float32] | None = None

    def share(self, pixels: U8) -> float:
        """How much of the picture (h, w, 3) differs from the last one taken, 0..1; 1 before there is one."""
        if self._last is None:
            return 1.0
        difference = _small(pixels) - self._last
        difference -= np.median(difference)  # the light changed, or the camera's exposure
        changed: Mask = np.abs(difference) > LEAST
        return float(changed.mean())

    def take(self, pixels: U8) -> None:
        """Compare with this frame from now on."""
        self._last = _small(pixels)


def _small(pixels: U8) -> np.typing.NDArray[np.float32]:
    """Grey, small and soft: noise is averaged out."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    height = max(1, round(WIDTH * grey.shape[0] / grey.shape[1]))
    small = cv2.resize(grey, (WIDTH, height), interpolation=cv2.INTER_AREA)
    soft: np.typing.NDArray[np.float32] = cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)
    return soft
