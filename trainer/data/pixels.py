"""The pixels of a data set's pictures: decoded once, kept while they fit, read again where they do not."""

import threading
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.types import U8

CACHE_BYTES = 1 << 30
LONGEST = 2  # of the network's picture: what is larger is kept at this many times its side


class Pixels:
    """Pictures as RGB (h, w, 3), no side longer than twice what the network sees.

    Args:
        input_px: side of the network's picture.
        cache_bytes: what may be kept in memory.
    """

    def __init__(self, input_px: int, cache_bytes: int = CACHE_BYTES) -> None:
        self._longest = LONGEST * input_px
        self._room = cache_bytes
        self._kept: OrderedDict[Path, U8] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, path: Path) -> U8 | None:
        """A picture; None where there is none that can be decoded."""
        with self._lock:
            found = self._kept.get(path)
            if found is not None:
                self._kept.move_to_end(path)
                return found
        pixels = self._decoded(path)
        if pixels is not None:
            self._keep(path, pixels)
        return pixels

    def _decoded(self, path: Path) -> U8 | None:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            return None
        ratio = self._longest / max(pixels.shape[:2])
        if ratio >= 1:
            return np.ascontiguousarray(pixels)
        height, width = (max(1, round(side * ratio)) for side in pixels.shape[:2])
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)

    def _keep(self, path: Path, pixels: U8) -> None:
        with self._lock:
            if path in self._kept:
                return
            self._kept[path] = pixels
            self._room -= pixels.nbytes
            while self._room < 0:
                _, dropped = self._kept.popitem(last=False)
                self._room += dropped.nbytes
