"""From recordings to what the network takes: windows, and their scaling measured on training."""

from dataclasses import replace

import numpy as np

from edge.contracts.scaling import scale_window
from edge.contracts.sound import frame_samples, log_mel, scaled, window_samples
from edge.contracts.types import F32, F64
from edge.contracts.windows import Scaling, SeriesWindow, SoundWindow
from trainer.errors import TrainError
from trainer.series.classify.recordings import Recording, Recordings
from trainer.series.classify.settings import ClassifyWindow

PASSED = 0.95  # of the highest frequency that a rate holds
HUSH = 1e-4  # amplitude of the noise that fills windows up: no recording has digital silence
LEAST_SD = 1e-3
ClassWindow = SoundWindow | SeriesWindow


def unmeasured(recordings: Recordings, settings: ClassifyWindow) -> ClassWindow:
    """The window of recordings, its scaling not yet measured.

    Raises:
        TrainError: the settings do not fit the rate.
    """
    rate = recordings.rate_hz
    if not recordings.sounds:
        count = max(round(settings.seconds * rate), 2)
        nothing = len(recordings.channels)
        zeros, ones = (0.0,) * nothing, (1.0,) * nothing
        return SeriesWindow(recordings.channels, count, 1 / rate, Scaling.FIXED, zeros, ones, ())
    high_hz = settings.high_hz or PASSED * rate / 2
    if not settings.low_hz < high_hz <= rate / 2 or settings.hop_s > settings.frame_s:
        raise TrainError(
            f"bands from {settings.low_hz:g} to {high_hz:g} Hz every {settings.hop_s:g} s of {settings.frame_s:g} s do "
            f"not fit {rate:g} samples per second; correct window.low_hz, high_hz, frame_s or hop_s of the recipe"
        )
    frames = max(round((settings.seconds - settings.frame_s) / settings.hop_s) + 1, 1)
    zeros, ones = (0.0,) * settings.bands, (1.0,) * settings.bands
    return SoundWindow(
        round(rate), settings.frame_s, settings.hop_s, settings.bands, settings.low_hz, high_hz, frames, zeros, ones
    )


def measured(window: ClassWindow, rows: F32) -> ClassWindow:
    """The window with the mean and standard deviation of rows (..., C) of training."""
    flat = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
    mean, std = flat.mean(axis=0), np.maximum(flat.std(axis=0), LEAST_SD * (1 + np.abs(flat.mean(axis=0))))
    return replace(window, mean=tuple(mean.tolist()), std=tuple(std.tolist()))


def scaled_inputs(rows: F32, window: ClassWindow) -> F32:
    """Rows (..., S, C) as the network takes them."""
    return scaled(rows, window) if isinstance(window, SoundWindow) else scale_window(rows.astype(np.float64), window)


def windows_of(recordings: Recordings, window: ClassWindow, overlap: float) -> tuple[F32, Recordings]:
    """Windows (P, S, C), not scaled, and the recording of each.

    Sounds give one window each: with the sound in its middle, or of the loudest part of a longer one. Recordings of
    values give as many as fit, from the newest backwards; shorter ones give none.
    """
    if isinstance(window, SoundWindow):
        rows = [
            log_mel(centred(row.values[:, 0], window, number), window) for number, row in enumerate(recordings.rows)
        ]
        return np.stack(rows) if rows else np.zeros((0, *window.shape[1:]), np.float32), recordings
    cut = [(index, piece) for index, row in enumerate(recordings.rows) for piece in _cut(row, window.samples, overlap)]
    values = np.stack([piece for _, piece in cut]) if cut else np.zeros((0, *window.shape[1:]), np.float32)
    return values, recordings.take([index for index, _ in cut])


def _cut(row: Recording, samples: int, overlap: float) -> list[F32]:
    step = max(round(samples * (1 - overlap)), 1)
    ends = range(len(row.values), samples - 1, -step)
    return [row.values[end - samples : end] for end in reversed(ends)]


def centred(sound: F32, window: SoundWindow, number: int) -> F32:
    """As many samples as a window has, the sound in the middle of a hush that `number` decides."""
    count = window_samples(window)
    if len(sound) > count:
        begin = _loudest(sound.astype(np.float64), count, frame_samples(window))
        sound = sound[begin : begin + count]
    hush = np.random.default_rng((number, 7)).normal(0, HUSH, count).astype(np.float32)
    begin = (count - len(sound)) // 2
    hush[begin : begin + len(sound)] += sound
    return hush


def _loudest(sound: F64, count: int, step: int) -> int:
    """Where the stretch with the most energy begins."""
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    begins = np.arange(0, len(sound) - count + 1, step)
    return int(begins[(energy[begins + count] - energy[begins]).argmax()])
