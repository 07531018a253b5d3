"""A USB or other V4L2 camera as a source."""

import logging
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edge.cameras.settings import V4l2Settings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame

_LOG = logging.getLogger(__name__)


class V4l2Source:
    """A camera of this machine. OpenCV's own limit ends a read that hangs, after 10 s at the latest."""

    live = True

    def __init__(self, camera: str, settings: V4l2Settings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)

    def __enter__(self) -> Self:
        settings = self._settings
        if not Path(settings.device).exists():
            raise SourceError(
                f"camera {self._camera}: there is no {settings.device}; plug the camera in, "
                "`v4l2-ctl --list-devices` shows those that are there"
            )
        self._capture = cv2.VideoCapture(settings.device, cv2.CAP_V4L2, self._wishes())
        if not self._capture.isOpened():
            raise SourceError(
                f"camera {self._camera}: {settings.device} cannot be opened; it is in use, no camera, or the user "
                "is not in group `video`"
            )
        got = [int(self._capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        if got != [settings.width, settings.height]:
            _LOG.warning("camera %s: %s gives %dx%d instead", self._camera, settings.device, *got)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture."""
        there, pixels = self._capture.read()
        t_s, utc_ns = time.monotonic(), time.time_ns()
        if not there or t_s > deadline_s:
            raise SourceError(
                f"camera {self._camera}: {self._settings.device} gives no pictures (in time); check cable and power"
            )
        return self._framer.frame(pixels, t_s, utc_ns)

    def _wishes(self) -> list[int]:
        """What is asked of the camera, as OpenCV takes it: key, value, ... The pixel format must come first."""
        settings = self._settings
        wishes = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*settings.fourcc),
            cv2.CAP_PROP_FRAME_WIDTH: settings.width,
            cv2.CAP_PROP_FRAME_HEIGHT: settings.height,
            cv2.CAP_PROP_FPS: round(settings.fps),
            cv2.CAP_PROP_BUFFERSIZE: 2,
        }
        return [number for wish in wishes.items() for number in wish]
