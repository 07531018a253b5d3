"""Log-mel features against the formulas written out, and streamed against whole."""

import numpy as np
import pytest

from edge.contracts.sound import (
    FLOOR,
    LogMel,
    filter_bank,
    frame_count,
    frame_samples,
    hop_samples,
    log_mel,
    mel_of,
    scaled,
    window_samples,
)
from edge.contracts.types import F32, F64
from edge.contracts.windows import SoundWindow

WINDOW = SoundWindow(8000, 0.032, 0.016, 12, 60.0, 3800.0, 20, (-3.0,) * 12, (2.0,) * 12)


def noise(samples: int, seed: int = 0) -> F32:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


def by_the_formula(samples: F32) -> F64:
    """Discrete Fourier sums, triangles and logarithm, one number at a time; frames of 256, hops of 128, FFT of 512."""
    points = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 3800 / 700), 14)
    edges = [700 * (10 ** (point / 2595) - 1) for point in points]
    hann = [0.5 - 0.5 * np.cos(2 * np.pi * n / 256) for n in range(256)]
    rows = []
    for start in range(0, len(samples) - 255, 128):
        n = np.arange(256)
        x = samples[start : start + 256] * np.array(hann) * 2 / sum(hann)
        power = [abs(np.sum(x * np.exp(-2j * np.pi * k * n / 512))) ** 2 for k in range(257)]
        row = []
        for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
            energy = 0.0
            for k in range(257):
                hertz = k * 8000 / 512
                if low < hertz <= centre:
                    energy += power[k] * (hertz - low) / (centre - low)
                elif centre < hertz < high:
                    energy += power[k] * (high - hertz) / (high - centre)
            row.append(np.log(energy + 1e-8))
        rows.append(row)
    return np.array(rows)


def test_the_features_are_those_of_the_formula() -> None:
    sound = noise(1000)
    assert log_mel(sound, WINDOW).shape == (6, 12)
    assert np.abs(log_mel(sound, WINDOW) - by_the_formula(sound)).max() < 1e-4


@pytest.mark.parametrize("samples", [0, 1, 255])
def test_too_little_sound_gives_no_row(samples: int) -> None:
    assert log_mel(noise(samples), WINDOW).shape == (0, 12)
    assert frame_count(samples, WINDOW) == 0


@pytest.mark.parametrize("pieces", [[5000], [1] * 300 + [4700], [255, 1, 4744], [128] * 39 + [8], [4000, 0, 1000]])
def test_a_stream_gives_bit_for_bit_what_the_whole_gives(pieces: list[int]) -> None:
    sound, stream, start = noise(5000), LogMel(WINDOW), 0
    rows = []
    for piece in pieces:
        rows.append(stream.step(sound[start : start + piece]))
        start += piece
    whole = log_mel(sound, WINDOW)
    assert len(whole) == frame_count(5000, WINDOW) == 38
    assert np.concatenate(rows).tobytes() == whole.tobytes()


def test_what_was_heard_is_forgotten() -> None:
    stream = LogMel(WINDOW)
    stream.step(noise(200))
    stream.clear()
    assert stream.step(noise(256, seed=1)).tobytes() == log_mel(noise(256, seed=1), WINDOW).tobytes()


def test_silence_is_the_floor_and_a_full_scale_sine_about_zero() -> None:
    assert log_mel(np.zeros(256, np.float32), WINDOW).tolist() == [[np.float32(np.log(FLOOR))] * 12]
    centre = 700 * (10 ** ((mel_of(60) + (mel_of(3800) - mel_of(60)) * 6 / 13) / 2595) - 1)
    sine = np.sin(2 * np.pi * centre * np.arange(256) / 8000).astype(np.float32)
    row = log_mel(sine, WINDOW)[0]
    assert int(row.argmax()) == 5
    assert abs(float(row[5])) < 1.5


def test_a_step_changes_nothing_that_it_was_given() -> None:
    sound = noise(700)
    before = sound.copy()
    stream = LogMel(WINDOW)
    first = stream.step(sound)
    kept = first.copy()
    stream.step(sound)
    assert sound.tobytes() == before.tobytes()
    assert first.tobytes() == kept.tobytes()


def test_every_band_holds_a_bin_and_a_warp_moves_them() -> None:
    assert (filter_bank(WINDOW).sum(axis=0) > 0).all()
    assert filter_bank(WINDOW, warp=2.0)[40].tolist() == filter_bank(WINDOW)[80].tolist()


def test_lengths_and_scaling() -> None:
    assert (frame_samples(WINDOW), hop_samples(WINDOW), window_samples(WINDOW)) == (256, 128, 19 * 128 + 256)
    assert frame_count(window_samples(WINDOW), WINDOW) == WINDOW.frames
    assert scaled(np.full((1, 12), 1.0, np.float32), WINDOW).tolist() == [[2.0] * 12]
