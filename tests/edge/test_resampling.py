"""Resampling against the formula, in pieces against whole, and what it does to tones."""

import numpy as np
import pytest

from edge.contracts.errors import SourceError
from edge.contracts.resampling import Resampler, resampled
from edge.contracts.types import F32


def tone(hertz: float, rate_hz: int, seconds: float = 0.5) -> F32:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate_hz * seconds)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), [(8000, 8000), (16000, 8000), (44100, 8000), (8000, 16000)])
def test_nothing_gives_nothing_and_lengths_follow_the_rates(source: int, target: int) -> None:
    assert len(resampled(np.zeros(0, np.float32), source, target)) == 0
    assert abs(len(resampled(tone(300, source), source, target)) - target // 2) <= 2


@pytest.mark.parametrize(("source", "target"), [(16000, 8000), (44100, 8000), (8000, 16000), (48000, 16000)])
def test_a_tone_that_both_rates_hold_passes_unchanged(source: int, target: int) -> None:
    made = resampled(tone(1000, source), source, target)
    inner = slice(200, 3000)
    assert np.abs(made[inner] - tone(1000, target)[inner]).max() < 2e-3


def test_a_tone_that_the_lower_rate_cannot_hold_is_gone() -> None:
    assert np.abs(resampled(tone(5000, 16000), 16000, 8000)[200:3000]).max() < 5e-3


def test_a_whole_number_of_hertz_in_between() -> None:
    made = resampled(tone(440, 11127), 11127, 8000)
    assert np.abs(made[200:3000] - tone(440, 8000)[200:3000]).max() < 2e-3


@pytest.mark.parametrize("pieces", [[4000], [1] * 100 + [3900], [37] * 108 + [4], [0, 4000]])
@pytest.mark.parametrize(("source", "target"), [(16000, 8000), (44100, 16000), (8000, 11025)])
def test_a_stream_gives_bit_for_bit_what_the_whole_gives(source: int, target: int, pieces: list[int]) -> None:
    sound = np.random.default_rng(1).normal(0, 0.2, 4000).astype(np.float32)
    stream, start, made = Resampler(source, target), 0, []
    for piece in pieces:
        made.append(stream.step(sound[start : start + piece]))
        start += piece
    made.append(stream.finish())
    assert np.concatenate(made).tobytes() == resampled(sound, source, target).tobytes()


def test_rates_without_a_common_measure_are_refused_in_words() -> None:
    with pytest.raises(SourceError, match="ffmpeg"):
        Resampler(191_999, 192_000)
