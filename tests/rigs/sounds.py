"""Sounds as files."""

import wave
from pathlib import Path

import numpy as np

from edge.contracts.types import F32


def write_wav(path: Path, samples: F32, rate_hz: int = 8000, width: int = 2, channels: int = 1) -> Path:
    """A wav file of these samples -1..1, the same in each channel."""
    whole = np.clip(np.round(samples.astype(np.float64) * 2.0 ** (8 * width - 1)), *_limits(width)).astype("<i8")
    stored = whole + 128 if width == 1 else whole
    data = stored.repeat(channels).view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(data)
    return path


def _limits(width: int) -> tuple[float, float]:
    return -(2.0 ** (8 * width - 1)), 2.0 ** (8 * width - 1) - 1
