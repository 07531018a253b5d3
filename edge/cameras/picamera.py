"""A Raspberry Pi camera (CSI) as a source, through picamera2, which comes with the system."""

import time
from types import TracebackType
from typing import Any, Self

import numpy as np

from edge.cameras.settings import PicameraSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame

BGR = "RGB888"  # named after the order in a little-endian word; in memory it is blue, green, red


class PicameraSource:
    """The camera on the ribbon cable."""

    live = True

    def __init__(self, camera: str, settings: PicameraSettings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)
        self._device: Any = None

    def __enter__(self) -> Self:
        try:
            from picamera2 import Picamera2  # noqa: PLC0415  only a Raspberry Pi has it
        except ImportError as error:
            raise SourceError(
                f"camera {self._camera}: picamera2 cannot be imported ({error}); `sudo apt install python3-picamera2` "
                "and make the virtual environment with --system-site-packages"
            ) from error
        settings = self._settings
        try:
            self._device = Picamera2(settings.number)
            self._device.configure(
                self._device.create_video_configuration(
                    main={"format": BGR, "size": (settings.width, settings.height)},
                    controls={"FrameRate": settings.fps},
                )
            )
            self._device.start()
        except (RuntimeError, IndexError, OSError) as error:
            self._close()
            raise SourceError(
                f"camera {self._camera}: CSI camera {settings.number} cannot be started ({error}); "
                "`rpicam-hello --list-cameras` shows those that are there"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture."""
        job = self._device.capture_array("main", wait=False)
        try:
            pixels = job.get_result(timeout=max(0.0, deadline_s - time.monotonic()))
        except TimeoutError as error:
            raise SourceError(
                f"camera {self._camera}: CSI camera {self._settings.number} gave no picture in time; check its ribbon"
            ) from error
        # Rows are padded on some boards; what leaves here is not.
        return self._framer.frame(np.ascontiguousarray(pixels), time.monotonic(), time.time_ns())

    def _close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None
