"""Brings a sound to another rate: a polyphase filter with a windowed sinc, used in training and in service alike.

Output n lies at input time n M / L, with L / M the reduced quotient of the rates. Its value is the sum over the
nearest inputs of x[k] h(n M / L - k), where h is a sinc that cuts off at 0.9 of the lower of both Nyquist frequencies
under a Hann window (Smith, Digital Audio Resampling, 2002). A stream gives bit for bit what the whole gives.
"""

import math

import numpy as np

from edge.contracts.errors import SourceError
from edge.contracts.types import F32, F64

CROSSINGS = 16  # zero crossings of the sinc on either side
PASSED = 0.9  # of the lower Nyquist frequency
MOST_WEIGHTS = 4_000_000


class Resampler:
    """Resamples what comes in pieces of any length."""

    def __init__(self, source_hz: int, target_hz: int) -> None:
        """Both in samples per second.

        Raises:
            SourceError: the quotient of the rates has no table that fits into memory.
        """
        common = math.gcd(source_hz, target_hz)
        self._up, self._down = target_hz // common, source_hz // common
        self._table = _table(self._up, self._down)
        self._half = self._table.shape[1] // 2
        self._kept: F32 = self._before()
        self._phase = 0  # of the next output, in 1 / L of an input sample from the first that is kept

    def step(self, samples: F32) -> F32:
        """What these samples complete; the filter looks half its length ahead."""
        self._kept = np.concatenate([self._kept, samples])
        last = len(self._kept) - 2 * self._half  # the last input that has all its neighbours
        count = max(0, -(-((last + 1) * self._up - self._phase) // self._down)) if last >= 0 else 0
        at = self._phase + np.arange(count) * self._down
        rows = (at // self._up)[:, None] + np.arange(2 * self._half)
        made: F32 = (self._kept[rows] * self._table[at % self._up]).sum(axis=1, dtype=np.float64).astype(np.float32)
        self._phase += count * self._down
        passed = min(self._phase // self._up, len(self._kept))
        self._kept, self._phase = self._kept[passed:].copy(), self._phase - passed * self._up
        return made

    def finish(self) -> F32:
        """What is left at the end, as if silence followed; then it is as new."""
        made = self.step(np.zeros(self._half, np.float32))
        self.clear()
        return made

    def clear(self) -> None:
        """Forget what was heard; silence came before the next sample."""
        self._kept, self._phase = self._before(), 0

    def _before(self) -> F32:
        return np.zeros(self._half - 1, np.float32)


def resampled(samples: F32, source_hz: int, target_hz: int) -> F32:
    """A whole recording at another rate."""
    if source_hz == target_hz:
        return samples
    one = Resampler(source_hz, target_hz)
    return np.concatenate([one.step(samples), one.finish()])


def _table(up: int, down: int) -> F64:
    """The weights (L, 2 half) of the inputs around an output, by its phase."""
    cut = PASSED * min(1.0, up / down)  # of the input's Nyquist frequency
    half = math.ceil(CROSSINGS / cut)
    if up * 2 * half > MOST_WEIGHTS:
        raise SourceError(
            f"a sound cannot be brought from {down} to {up} (reduced) samples per second here; "
            "convert it: `ffmpeg -i FILE -ar RATE OUT.wav`"
        )
    apart = np.arange(up)[:, None] / up - np.arange(1 - half, half + 1)  # output minus input, in input samples
    shape = np.where(np.abs(apart) < half, 0.5 + 0.5 * np.cos(np.pi * apart / half), 0.0)
    weights: F64 = cut * np.sinc(cut * apart) * shape
    return weights / weights.sum(axis=1, keepdims=True)
