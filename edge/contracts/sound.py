"""Log-mel features of a sound: what a sound classifier is trained on, calibrated on and served with.

A frame of `frame_s` is taken each `hop_s`, multiplied by a Hann window, and its power spectrum summed in triangular
bands that are evenly spaced on the mel scale: mel = 2595 log10(1 + hertz / 700), the formula of the HTK Book (Young et
al., 2006, section 5.4), triangles as in Davis and Mermelstein, IEEE Trans. ASSP 28(4), 1980. The natural
logarithm is taken; a sine of full scale has a peak of 0, and silence is `log(FLOOR)` in every band.

Each frame is computed by itself, so that a stream gives bit for bit what the whole recording gives.
"""

import math

import numpy as np

from edge.contracts.types import F32, F64
from edge.contracts.windows import SoundWindow

FLOOR = 1e-8  # energy of silence: 80 dB below full scale


def frame_samples(window: SoundWindow) -> int:
    """Samples of one frame."""
    return max(round(window.frame_s * window.rate_hz), 1)


def hop_samples(window: SoundWindow) -> int:
    """Samples from one frame to the next."""
    return max(round(window.hop_s * window.rate_hz), 1)


def window_samples(window: SoundWindow) -> int:
    """Samples that a whole window covers."""
    return (window.frames - 1) * hop_samples(window) + frame_samples(window)


def frame_count(samples: int, window: SoundWindow) -> int:
    """Whole frames in so many samples."""
    return max((samples - frame_samples(window)) // hop_samples(window) + 1, 0)


class LogMel:
    """Computes log-mel rows of a sound that comes in pieces of any length."""

    def __init__(self, window: SoundWindow) -> None:
        self._frame, self._hop = frame_samples(window), hop_samples(window)
        self._spectrum = Spectrum(window)
        self._bank = filter_bank(window)
        self._kept: F32 = np.zeros(0, np.float32)

    def step(self, samples: F32) -> F32:
        """The rows (n, bands) that these samples complete.

        Args:
            samples: (any,) of full scale -1..1, following on the last ones.
        """
        kept = np.concatenate([self._kept, samples])
        count = max((len(kept) - self._frame) // self._hop + 1, 0)
        rows = np.zeros((count, self._bank.shape[1]), np.float32)
        starts = np.arange(count) * self._hop
        power = self._spectrum.power(kept[starts[:, None] + np.arange(self._frame)])
        for row, one in zip(rows, power, strict=True):  # a product of two matrices would round by their height
            row[:] = log_bands(one, self._bank)
        self._kept = kept[count * self._hop :].copy()
        return rows

    def clear(self) -> None:
        """Forget what was heard: what comes next does not follow on it."""
        self._kept = np.zeros(0, np.float32)


class Spectrum:
    """The power spectrum of frames."""

    def __init__(self, window: SoundWindow) -> None:
        count = frame_samples(window)
        self._size = fft_size(window)
        self._shape: F64 = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)  # Hann, periodic
        self._shape *= 2 / self._shape.sum()  # so that a sine of full scale has a peak of 1

    def power(self, frames: F32) -> F64:
        """The power (..., bins) of frames (..., samples)."""
        spectrum = np.fft.rfft(frames * self._shape, self._size)
        return spectrum.real**2 + spectrum.imag**2


def log_mel(samples: F32, window: SoundWindow) -> F32:
    """All rows (n, bands) of a whole recording (samples,)."""
    return LogMel(window).step(samples)


def log_bands(power: F64, bank: F64) -> F32:
    """The logarithm (bands,) of what each band holds of one power spectrum (bins,)."""
    return np.log(power @ bank + FLOOR).astype(np.float32)


def scaled(rows: F32, window: SoundWindow) -> F32:
    """Rows (n, bands) as the model takes them: by the mean and standard deviation of training."""
    mean, std = np.array(window.mean, np.float32), np.array(window.std, np.float32)
    made: F32 = ((rows - mean) / std).astype(np.float32)
    return made


def filter_bank(window: SoundWindow, warp: float = 1.0) -> F64:
    """The weights (bins, bands) of each frequency in each band.

    Args:
        window: of the sound.
        warp: frequencies are multiplied by it first: what a longer or shorter vocal tract does.
    """
    bins = fft_size(window) // 2 + 1
    hertz = np.arange(bins) * (window.rate_hz / fft_size(window) * warp)
    low, high = mel_of(window.low_hz), mel_of(window.high_hz)
    edges = hertz_of(np.linspace(low, high, window.bands + 2))
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (hertz[:, None] - left) / (centre - left)
    falling = (right - hertz[:, None]) / (right - centre)
    return np.maximum(np.minimum(rising, falling), 0.0)


def fft_size(window: SoundWindow) -> int:
    """The power of two that is at least twice a frame: so the narrowest bands hold a bin."""
    return 2 << (frame_samples(window) - 1).bit_length()


def mel_of(hertz: float) -> float:
    """Hertz on the mel scale."""
    return 2595 * math.log10(1 + hertz / 700)


def hertz_of(mel: F64) -> F64:
    """The way back."""
    return 700 * (10 ** (mel / 2595) - 1)
