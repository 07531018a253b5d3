"""A wav file as a source of sound: all at once in a replay, in its own time else."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from edge.contracts.errors import SourceError
from edge.contracts.types import F32
from edge.contracts.wav import WavFile
from edge.sensors.sound_piece import PIECE_S, Piece
from edge.sensors.sound_settings import WavSource

Wait = Callable[[float], object]


def no_wait(_seconds: float) -> None:
    """A replay goes as fast as it can."""


class WavClip:
    """Pieces of a file.

    Args:
        settings: which file, and whether it is played again and again.
        wait: how the time until a piece is due is passed; `no_wait`: its times are the clip's own, from 0.
    """

    def __init__(self, settings: WavSource, wait: Wait = time.sleep) -> None:
        self._settings, self._wait = settings, wait
        self._file = WavFile(settings.path)
        self._played = 0  # samples
        self._tiny = False  # it has fewer than a piece
        self._live = wait is not no_wait

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._file.rate_hz

    def __enter__(self) -> Self:
        self._file.__enter__()
        self._begun_s, self._begun_ns = (time.monotonic(), time.time_ns()) if self._live else (0.0, 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)

    def read(self, deadline_s: float) -> Piece | None:
        """The next tenth of a second; see `Sounding`."""
        samples = self._next(max(round(PIECE_S * self.rate_hz), 1))
        if not len(samples):
            if not self._played:
                raise SourceError(f"{self._settings.path} holds no sound; name another wav file")
            return None
        self._played += len(samples)
        passed_s = self._played / self.rate_hz
        if self._live:
            self._wait(max(min(self._begun_s + passed_s, deadline_s) - time.monotonic(), 0.0))
        return Piece(samples, self._begun_s + passed_s, self._begun_ns + round(passed_s * 1e9))

    def _next(self, count: int) -> F32:
        """So many samples at most, as a rule. A loop of fewer is played over and over within one piece."""
        samples = self._file.read(count)
        if not self._settings.loop:
            return samples
        if not len(samples) and self._played:
            self._file.rewind()
            samples = self._file.read(count)
        if 0 < len(samples) < count and (not self._played or self._tiny):
            self._tiny = True
            return np.tile(samples, -(-count // len(samples)))
        return samples
