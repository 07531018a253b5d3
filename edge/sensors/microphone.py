"""A microphone through ALSA's `arecord`, which writes raw samples to a pipe."""

import os
import shutil
import time
from types import TracebackType
from typing import Self

import numpy as np

from edge.contracts.errors import SourceError
from edge.contracts.process import Child, dying_with_us
from edge.contracts.types import F32
from edge.sensors.sound_piece import PIECE_S, Piece
from edge.sensors.sound_settings import MicrophoneSource

PROGRAM = "arecord"
BYTES = 2  # of a sample
BUFFER_US = 1_000_000  # that ALSA keeps while we are busy
INSTALL = "install it: `sudo apt install alsa-utils`"


class Microphone:
    """Samples of one channel. The program ends when this closes, and when the daemon dies.

    Args:
        name: of the sensor, for people.
        settings: which device.
        rate_hz: samples per second, where the settings ask for none.
    """

    def __init__(self, name: str, settings: MicrophoneSource, rate_hz: int) -> None:
        self._name, self._settings = name, settings
        self._rate_hz = settings.rate_hz or rate_hz
        self._left = b""

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._rate_hz

    def __enter__(self) -> Self:
        if shutil.which(PROGRAM) is None:
            raise SourceError(f"sensor {self._name}: the program `{PROGRAM}` is not there; {INSTALL}")
        try:
            self._child = Child(dying_with_us(self._command()), (), os.environ)
        except OSError as error:
            raise SourceError(f"sensor {self._name}: `{PROGRAM}` cannot be started: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()

    def read(self, deadline_s: float) -> Piece | None:
        """The next tenth of a second; see `Sounding`."""
        wanted = max(round(PIECE_S * self._rate_hz), 1) * BYTES
        data = self._left
        while len(data) < wanted:
            if not self._child.wait_for(self._child.stdout, deadline_s):
                raise self._trouble("gives no sound")
            came = os.read(self._child.stdout, 1 << 16)
            if not came:
                raise self._trouble("has ended")
            data += came
        whole = len(data) - len(data) % BYTES
        self._left = data[whole:]
        return Piece(samples_of(data[:whole]), time.monotonic(), time.time_ns())

    def _command(self) -> tuple[str, ...]:
        device, rate = self._settings.device, str(self._rate_hz)
        return (
            PROGRAM, "--quiet", "--nonblock", "--device", device, "--file-type", "raw", "--format", "S16_LE",
            "--channels", "1", "--rate", rate, "--buffer-time", str(BUFFER_US),
        )  # fmt: skip

    def _trouble(self, what: str) -> SourceError:
        said = self._child.said()
        return SourceError(
            f"sensor {self._name}: microphone {self._settings.device} {what}{f' ({said})' if said else ''}; "
            "`arecord -L` lists the devices, and the user must be in group `audio`"
        )


def samples_of(data: bytes) -> F32:
    """Samples -1..1 of 16-bit ones, little endian."""
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
