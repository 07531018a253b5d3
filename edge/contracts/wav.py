"""Reads RIFF WAVE files of whole numbers (PCM, 8, 16, 24 or 32 bits), piece by piece, as one channel -1..1.

Files are untrusted: what the header says is checked against limits before anything is allocated, and what is wrong
becomes a `SourceError` that names the file and says what to do. Several channels are averaged.
"""

import os
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edge.contracts.errors import SourceError
from edge.contracts.types import F32

MOST_CHANNELS = 32
RATES_HZ = (1000, 192_000)
CONVERT = "convert it: `ffmpeg -i FILE -c:a pcm_s16le OUT.wav`"


class WavFile:
    """A file that is open. Use as a context manager.

    Raises:
        SourceError: on entering, it is absent or no PCM file; on reading, it cannot be read on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        try:
            self._wave = wave.open(str(self._path), "rb")
        except FileNotFoundError as error:
            raise SourceError(f"{self._path} is not there; correct the name of the wav file") from error
        except OSError as error:
            said = os.strerror(error.errno or 0)
            raise SourceError(f"{self._path} cannot be read: {said}; correct its name or its rights") from error
        except (wave.Error, EOFError, RuntimeError, ValueError) as error:
            said = str(error) or "it ends within its header"
            raise SourceError(f"{self._path} is no wav file of whole numbers: {said}; {CONVERT}") from error
        try:
            self._check()
        except BaseException:
            self._wave.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wave.close()

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._wave.getframerate()

    @property
    def length(self) -> int:
        """Samples that the header promises; a truncated file has fewer."""
        return self._wave.getnframes()

    def read(self, samples: int) -> F32:
        """The next samples, at most so many; none at the end of the file, or where it was cut off."""
        try:
            data = self._wave.readframes(samples)
        except (OSError, EOFError, RuntimeError, wave.Error) as error:
            raise SourceError(f"{self._path} cannot be read on: {error}; fetch it again") from error
        channels, width = self._wave.getnchannels(), self._wave.getsampwidth()
        whole = len(data) - len(data) % (channels * width)
        values = DECODERS[width](data[:whole]).reshape(-1, channels)
        return values[:, 0] if channels == 1 else values.mean(axis=1, dtype=np.float32)

    def rewind(self) -> None:
        """Begin again."""
        self._wave.rewind()

    def _check(self) -> None:
        channels, width, rate = self._wave.getnchannels(), self._wave.getsampwidth(), self._wave.getframerate()
        least, most = RATES_HZ
        if width not in DECODERS:
            raise SourceError(f"{self._path} has samples of {8 * width} bits; {CONVERT}")
        if not 1 <= channels <= MOST_CHANNELS:
            raise SourceError(f"{self._path} has {channels} channels; 1 to {MOST_CHANNELS} are read")
        if not least <= rate <= most:
            raise SourceError(f"{self._path} has {rate} samples per second; {least} to {most} are read; {CONVERT}")


def read_wav(path: Path, most_s: float) -> tuple[F32, int]:
    """A whole file: its samples and how many there are per second.

    Args:
        path: of the file.
        most_s: longer ones are refused unread.

    Raises:
        SourceError: it cannot be read, or is too long.
    """
    with WavFile(path) as file:
        if file.length > most_s * file.rate_hz:
            raise SourceError(
                f"{path} lasts {file.length / file.rate_hz:.0f} s by its header and {most_s:g} s are read; cut it"
            )
        return file.read(file.length), file.rate_hz


def _bits8(data: bytes) -> F32:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)


def _bits16(data: bytes) -> F32:
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def _bits24(data: bytes) -> F32:
    raw = np.frombuffer(data, np.uint8).reshape(-1, 3)
    padded = np.zeros((len(raw), 4), np.uint8)
    padded[:, 1:] = raw
    return padded.view("<i4")[:, 0].astype(np.float32) / np.float32(1 << 31)


def _bits32(data: bytes) -> F32:
    return np.frombuffer(data, "<i4").astype(np.float32) / np.float32(1 << 31)


DECODERS: Mapping[int, Callable[[bytes], F32]] = {1: _bits8, 2: _bits16, 3: _bits24, 4: _bits32}
