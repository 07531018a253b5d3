"""A command that writes raw pictures to a pipe as a source: hardware decoders, odd formats, sub-streams."""

import os
import shutil
import time
from types import TracebackType
from typing import Self

import numpy as np

from edge.cameras.clock import ClipClock, Stamp
from edge.cameras.probe import ends_in_pipe, picture_size
from edge.cameras.settings import FfmpegSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.process import Child, dying_with_us
from edge.contracts.redact import redact
from edge.contracts.types import U8, Frame

QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
RAW = ("-f", "rawvideo", "-pix_fmt", "bgr24", "pipe:1")
END_S = 2.0  # that a command may take to exit after its last picture


class FfmpegSource:
    """Pictures that a command writes, height x width x 3 bytes each, in blue, green, red.

    The command is killed when the source closes, and when the thread that opened it ends.
    """

    def __init__(self, camera: str, settings: FfmpegSettings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)
        self._clock = ClipClock(1 / (settings.clip_fps or 1), speed=0)
        self._ended = False

    @property
    def live(self) -> bool:
        """A command without a clip's frame rate is a camera."""
        return self._settings.clip_fps == 0

    def __enter__(self) -> Self:
        program = self._settings.command[0]
        if shutil.which(program) is None:
            raise SourceError(f"camera {self._camera}: the program `{program}` is not installed; install it")
        width, height = self._settings.width, self._settings.height
        if not (width and height):
            width, height = picture_size(self._camera, self._settings.command)
        self._shape = (height, width, 3)
        self._child = Child(dying_with_us(self._command()), (), os.environ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture; None when the command of a clip has ended well."""
        pixels = np.empty(self._shape, np.uint8)
        if self._ended or not self._fill(pixels, deadline_s):
            return None
        stamp = Stamp(time.monotonic(), time.time_ns()) if self.live else self._clock.advance(float("nan"))
        return self._framer.frame(pixels, *stamp)

    def _fill(self, pixels: U8, deadline_s: float) -> bool:
        """Read one picture into `pixels`; False at the end of a clip."""
        left = pixels.data.cast("B")
        while left:
            if not self._child.wait_for(self._child.stdout, deadline_s):
                raise self._trouble("gave no picture in time")
            count = os.readv(self._child.stdout, [left])
            if count == 0:
                return self._finish(partial=len(left) < pixels.size)
            left = left[count:]
        return True

    def _finish(self, *, partial: bool) -> bool:
        code = self._child.exit_code(time.monotonic() + END_S)
        if self.live or code != 0:
            raise self._trouble("ended" if code is None else f"ended with exit code {code}")
        if partial:
            raise self._trouble(f"does not write pictures of {self._shape[1]}x{self._shape[0]}")
        self._ended = True
        return False

    def _trouble(self, what: str) -> SourceError:
        said, command = self._child.said(), redact(" ".join(self._command()))
        return SourceError(
            f"camera {self._camera}: the command {what}{f' ({said})' if said else ''}; try it in a shell: {command}"
        )

    def _command(self) -> tuple[str, ...]:
        program, *arguments = self._settings.command
        if os.path.basename(program) != "ffmpeg" or ends_in_pipe(arguments):  # noqa: PTH119  a command, not a path
            return self._settings.command
        return (program, *QUIET, *arguments, *RAW)
