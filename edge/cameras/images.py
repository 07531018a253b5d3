"""A folder of images as a source."""

import logging
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edge.cameras.clock import ClipClock
from edge.cameras.settings import ImagesSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.types import U8, Frame

_LOG = logging.getLogger(__name__)
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


class ImagesSource:
    """The images of a folder by name, at a given rate. Sizes may differ; what cannot be read is left out."""

    def __init__(self, camera: str, settings: ImagesSettings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)
        self._clock = ClipClock(1 / settings.fps, settings.speed)
        self._paths: list[Path] = []
        self._next_path = 0
        self._any = False  # whether an image could be read since the folder last began

    @property
    def live(self) -> bool:
        """Images are not dropped, unless they are paced and asked to be."""
        return self._settings.speed > 0 and not self._settings.blocking

    def __enter__(self) -> Self:
        folder = self._settings.path
        try:
            self._paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise SourceError(f"camera {self._camera}: cannot list {folder}: {error.strerror}") from error
        if not self._paths:
            raise SourceError(
                f"camera {self._camera}: no image in {folder}; put {', '.join(sorted(SUFFIXES))} files there"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._paths = []

    def read(self, deadline_s: float) -> Frame | None:
        """The next image that can be read, when it is due; None after the last."""
        pixels = self._load(deadline_s)
        if pixels is None:
            return None
        stamp = self._clock.advance(float("nan"))
        self._clock.wait(deadline_s)
        return self._framer.frame(pixels, *stamp)

    def _load(self, deadline_s: float) -> U8 | None:
        while time.monotonic() <= deadline_s:
            if self._next_path == len(self._paths) and not self._begin_again():
                return None
            path = self._paths[self._next_path]
            self._next_path += 1
            pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if pixels is not None:
                self._any = True
                return pixels
            _LOG.warning("camera %s: %s cannot be read as an image; left out", self._camera, path)
        raise SourceError(f"camera {self._camera}: {self._settings.path} was too slow; check the disk it lies on")

    def _begin_again(self) -> bool:
        if not self._any:
            raise SourceError(f"camera {self._camera}: no image in {self._settings.path} can be read; replace them")
        if self._settings.loop:
            self._next_path, self._any = 0, False
        return self._settings.loop
