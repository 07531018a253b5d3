"""A video file as a source."""

import logging
import time
from types import TracebackType
from typing import Self

import cv2

from edge.cameras.clock import ClipClock, Stamp, believable_fps
from edge.cameras.settings import FileSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.types import U8, Frame

_LOG = logging.getLogger(__name__)
SHORT = 0.45  # of the pictures that the container promises; some containers count fields, twice as many


class FileSource:
    """A video file: paced by its own time stamps or not, once or again and again, dropping or not."""

    def __init__(self, camera: str, settings: FileSettings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)
        self._count = 0  # pictures since the clip last began

    @property
    def live(self) -> bool:
        """A paced clip drops as a camera would, unless asked not to; one that is not paced never does."""
        return self._settings.speed > 0 and not self._settings.blocking

    def __enter__(self) -> Self:
        self._capture = self._open()
        fps = believable_fps(self._capture.get(cv2.CAP_PROP_FPS))
        self._clock = ClipClock(1 / fps, self._settings.speed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture, when it is due; None at the end of a clip that does not loop."""
        pixels = self._next()
        if pixels is None:
            return None
        if time.monotonic() > deadline_s:
            raise SourceError(f"camera {self._camera}: {self._settings.path} was too slow; check the disk it lies on")
        stamp: Stamp = self._clock.advance(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        self._clock.wait(deadline_s)
        return self._framer.frame(pixels, *stamp)

    def _next(self) -> U8 | None:
        pixels = self._decode()
        if pixels is None and self._ended():
            pixels = self._decode()
        return pixels

    def _decode(self) -> U8 | None:
        there, pixels = self._capture.read()
        if not there:
            return None
        self._count += 1
        return pixels

    def _ended(self) -> bool:
        """Whether the clip begins again after its end."""
        path, expected = self._settings.path, self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if self._count == 0:
            raise SourceError(f"camera {self._camera}: {path} holds no picture that can be decoded; replace the file")
        if self._count < SHORT * expected:
            _LOG.warning("camera %s: %s ended after %d of %d pictures", self._camera, path, self._count, expected)
        if not self._settings.loop:
            return False
        self._capture.release()
        self._capture, self._count = self._open(), 0
        self._clock.rewind()
        return True

    def _open(self) -> cv2.VideoCapture:
        path = self._settings.path
        if not path.is_file():
            raise SourceError(f"camera {self._camera}: there is no video file {path}; correct `source`")
        # One thread: decoding runs beside inference, and several threads cost more CPU than they save.
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise SourceError(
                f"camera {self._camera}: {path} is no video that can be read; try `ffprobe {path}`, or convert it"
            )
        return capture
