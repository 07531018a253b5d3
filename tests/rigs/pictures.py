"""Pictures of the data folder."""

import cv2
import numpy as np

from edge.contracts.types import U8
from tests.paths import data


def picture(*parts: str) -> U8:
    """(height, width, 3) BGR, or a skipped test where the file is absent."""
    pixels = cv2.imread(str(data(*parts)))
    assert pixels is not None, f"{'/'.join(parts)} is no picture"
    return pixels.astype(np.uint8, copy=False)
