"""The rendered street in the shape of a camera."""

import time
from types import TracebackType
from typing import Self

from edge.contracts.types import Frame
from edge.demo.street import Street
from edge.demo.truth import Truth


class StreetSource:
    """A clip of the street: `duration_s` long, as fast as it is read or paced like a camera."""

    def __init__(self, camera: str, street: Street, fps: float, duration_s: float, *, paced: bool) -> None:
        """Nothing is drawn yet.

        Args:
            camera: name of the camera in its frames.
            street: what it films.
            fps: pictures per second.
            duration_s: length of the clip; infinity = without end.
            paced: whether pictures come at the rate of a real camera.
        """
        self._camera = camera
        self._street = street
        self._fps = fps
        self._duration_s = duration_s
        self._paced = paced
        self._count = 0
        self._start_s = 0.0
        self._start_ns = 0
        self._truth: dict[int, Truth] = {}

    @property
    def live(self) -> bool:
        """Whether pictures may be dropped when the chain is slower."""
        return self._paced

    def __enter__(self) -> Self:
        """Start the clock."""
        self._start_s, self._start_ns = time.monotonic(), time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture, None at the end of the clip.

        Args:
            deadline_s: on the clock of `time.monotonic()`; a picture that is not due by then comes early.
        """
        clip_s = self._count / self._fps
        if clip_s >= self._duration_s:
            return None
        pixels, truth = self._street.at(clip_s)
        if self._paced:
            time.sleep(max(0.0, min(self._start_s + clip_s, deadline_s) - time.monotonic()))
        pixels.flags.writeable = False
        self._truth[self._count] = truth
        self._count += 1
        return Frame(
            self._camera, self._count - 1, self._start_s + clip_s, self._start_ns + round(clip_s * 1e9), pixels
        )

    def truth(self, seq: int) -> Truth:
        """What is in the picture numbered `seq`; may be asked once."""
        return self._truth.pop(seq)
