"""Sounds changed for training: other speakers, other microphones, other rooms, as far as arithmetic makes them.

Speed, pitch, tempo and treble are changed once, in as many variants of each sound as the recipe says; where the sound
stands in the window and what of it is blotted out (SpecAugment, Park et al., 2019) is new at each step. Frequencies
are moved as by a vocal tract of another length (Jaitly and Hinton, 2013).
"""

import numpy as np

from edge.contracts.sound import FLOOR, Spectrum, filter_bank, frame_samples, hop_samples
from edge.contracts.types import F32, F64, I64
from edge.contracts.windows import SoundWindow
from trainer.series.classify.inputs import HUSH
from trainer.series.classify.recordings import Recordings
from trainer.series.classify.settings import SoundChange

WARPS = 15  # filter banks


class Variants:
    """Makes changed copies of sounds as log-mel rows, longer than a window by the shift on either side."""

    def __init__(self, window: SoundWindow, change: SoundChange) -> None:
        self._window, self._change = window, change
        self._spectrum, self._frame = Spectrum(window), frame_samples(window)
        self.margin = round(change.shift_s / window.hop_s)
        warps = np.exp(np.linspace(-change.tract, change.tract, WARPS))
        self._banks = [filter_bank(window, float(warp)) for warp in warps]

    def made(self, sounds: Recordings, seed: int) -> F32:
        """(variants, P, frames + 2 margin, bands), not scaled."""
        chance = np.random.default_rng((seed, 11))
        rounds = [[self._one(row.values[:, 0], chance) for row in sounds.rows] for _ in range(self._change.variants)]
        return np.array(rounds, np.float32)

    def _one(self, sound: F32, chance: np.random.Generator) -> F32:
        """One changed copy (frames + 2 margin, bands)."""
        change, frames = self._change, self._window.frames + 2 * self.margin
        changed = self._voiced(sound, chance)
        hop = hop_samples(self._window) * np.exp(chance.uniform(-change.tempo, change.tempo))
        starts = np.round(np.arange(frames) * hop).astype(np.int64)
        count = int(starts[-1]) + self._frame
        level = np.exp(chance.uniform(np.log(HUSH), np.log(max(change.noise, HUSH))))
        heard = chance.normal(0, level, count)
        begin = (count - len(changed)) // 2
        into, of = max(begin, 0), max(-begin, 0)
        length = min(len(changed) - of, count - into)
        heard[into : into + length] += changed[of : of + length]
        power = self._spectrum.power(heard[starts[:, None] + np.arange(self._frame)].astype(np.float32))
        return np.log(power @ self._banks[chance.integers(WARPS)] + FLOOR).astype(np.float32)

    def _voiced(self, sound: F32, chance: np.random.Generator) -> F64:
        """At another speed, with another treble and loudness."""
        change = self._change
        speed = np.exp(chance.uniform(-change.speed, change.speed))
        at = np.arange(int(len(sound) / speed)) * speed
        moved = np.interp(at, np.arange(len(sound)), sound)
        tilt = chance.uniform(-change.tilt, change.tilt)
        tilted = moved + tilt * np.concatenate([[0.0], moved[:-1]])
        return tilted * np.exp(chance.uniform(-change.gain, change.gain))


def drawn(variants: F32, rows: I64, frames: int, chance: np.random.Generator) -> F32:
    """Windows (B, frames, bands) of some of the sounds, a variant and a place of each drawn."""
    count, _, length, _ = variants.shape
    which, begin = chance.integers(0, count, len(rows)), chance.integers(0, length - frames + 1, len(rows))
    return np.stack([variants[one, row, at : at + frames] for one, row, at in zip(which, rows, begin, strict=True)])


def masked(windows: F32, change: SoundChange, chance: np.random.Generator) -> F32:
    """Scaled windows (B, frames, bands) with a stretch of bands and one of frames set to the mean."""
    made = windows.copy()
    _, frames, bands = made.shape
    for one in made:
        wide, long = (
            chance.integers(0, min(change.bands_masked, bands) + 1),
            chance.integers(0, min(change.frames_masked, frames) + 1),
        )
        band, frame = chance.integers(0, bands - wide + 1), chance.integers(0, frames - long + 1)
        one[:, band : band + wide] = 0
        one[frame : frame + long] = 0
    return made
