"""The rendered street as a camera of a configuration: `source: street`. Live, endless, without a camera."""

import math
import time
from types import TracebackType
from typing import Self

from edge.cameras.settings import StreetSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame
from edge.demo.street import Street


class StreetCamera:
    """Draws the picture that is due; those that it was too slow for are left out."""

    def __init__(self, camera: str, settings: StreetSettings, paint: Paint) -> None:
        self._camera, self._settings = camera, settings
        self._framer = Framer(camera, paint)
        self._street: Street | None = None
        self._next = 0
        self._start_s, self._start_ns = 0.0, 0

    @property
    def live(self) -> bool:
        """Pictures may be dropped."""
        return True

    def __enter__(self) -> Self:
        """Build the street and start the clock."""
        self._street = Street(self._settings.seed, (self._settings.width, self._settings.height))
        self._start_s, self._start_ns = time.monotonic(), time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget the street."""
        self._street = None

    def read(self, deadline_s: float) -> Frame:
        """The next picture; one that is not due by the deadline comes early."""
        if self._street is None:
            raise SourceError(f"camera {self._camera}: the street is not open")
        fps = self._settings.fps
        late = math.floor((time.monotonic() - self._start_s) * fps)
        number = max(self._next, late)
        self._next = number + 1
        clip_s = number / fps
        pixels, _ = self._street.at(clip_s)
        time.sleep(max(0.0, min(self._start_s + clip_s, deadline_s) - time.monotonic()))
        return self._framer.numbered(number, pixels, self._start_s + clip_s, self._start_ns + round(clip_s * 1e9))
