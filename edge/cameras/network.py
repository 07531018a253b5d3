"""An RTSP or HTTP camera as a source, decoded in a child process that can be killed when it hangs."""

import json
import mmap
import os
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edge.cameras.settings import NetworkSettings
from edge.cameras.source import Framer, Paint
from edge.contracts.errors import SourceError
from edge.contracts.process import Child
from edge.contracts.redact import redact
from edge.contracts.types import U8, Frame

LARGEST_BYTES = 7680 * 4320 * 3  # of a picture; only what a picture really needs becomes memory
CHILD = Path(__file__).with_name("child.py")


class NetworkSource:
    """A camera on the network. A read takes the newest picture, `seq` says how many were left out.

    The picture comes through memory without a name, so nothing is left behind however either process ends.
    """

    live = True

    def __init__(self, camera: str, settings: NetworkSettings, paint: Paint) -> None:
        self._camera = camera
        self._settings = settings
        self._framer = Framer(camera, paint)

    def __enter__(self) -> Self:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = os.memfd_create("foresight-pictures")
        try:
            os.ftruncate(memory, LARGEST_BYTES)
            self._memory = mmap.mmap(memory, 0, prot=mmap.PROT_READ)
            argv = [sys.executable, "-P", str(CHILD), str(theirs.fileno()), str(memory)]
            self._child = Child(argv, (theirs.fileno(), memory), self._environment())
        finally:
            theirs.close()
            os.close(memory)
        self._channel.send(json.dumps({"url": self._settings.url}).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._channel.close()
        self._memory.close()

    def read(self, deadline_s: float) -> Frame | None:
        """The newest picture, at the latest the next that the camera sends. The first read connects."""
        try:
            self._channel.send(b"?")
            in_time = self._child.wait_for(self._channel.fileno(), deadline_s)
            answer = json.loads((in_time and self._channel.recv(1 << 12)) or b"{}")
        except OSError as error:
            raise self._trouble("has lost its decoder") from error
        if not in_time:
            trouble = self._trouble("gave no picture in time")
            self._child.kill()
            raise trouble
        if "seq" not in answer:
            raise self._trouble(answer.get("error", "has lost its decoder"))
        pixels = self._copy(answer["height"], answer["width"])
        return self._framer.numbered(answer["seq"], pixels, answer["t_s"], answer["utc_ns"])

    def _copy(self, height: int, width: int) -> U8:
        """The child overwrites its picture, so ours is a copy."""
        shared = np.frombuffer(self._memory, np.uint8, height * width * 3)
        return shared.reshape(height, width, 3).copy()

    def _trouble(self, what: str) -> SourceError:
        said = self._child.said()
        return SourceError(
            f"camera {self._camera}: {redact(self._settings.url)} {what}{f' ({said})' if said else ''}; "
            "check that the camera is on, its address, user and password"
        )

    def _environment(self) -> dict[str, str]:
        # A shorter analysis than FFmpeg's 5 s connects in half the time (H.264 over RTSP: 1 s instead of 2).
        return os.environ | {
            "OPENCV_FFMPEG_CAPTURE_OPTIONS": f"rtsp_transport;{self._settings.transport}|analyzeduration;1000000",
            "OPENCV_LOG_LEVEL": "SILENT",
        }
