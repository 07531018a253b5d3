"""Classifies a sound that comes in pieces."""

from collections.abc import Iterator

import numpy as np

from edge.contracts.recognition import Recognition
from edge.contracts.sound import LogMel, fft_size, frame_samples, hop_samples, scaled
from edge.contracts.types import F32
from edge.contracts.windows import SoundWindow
from edge.sequences.classifier import SequenceClassifier
from edge.sequences.fitting import sound_window
from edge.sequences.settings import SequenceSettings

HANN_BINS = 1.5  # over which a Hann window spreads a sine: its equivalent noise bandwidth


class SoundClassifier:
    """Keeps the newest window of log-mel rows and has it classified.

    Args:
        classifier: of a model that takes sounds.
        settings: when a sound is too quiet.

    Raises:
        ModelError: the model takes values of a sensor.
    """

    def __init__(self, classifier: SequenceClassifier, settings: SequenceSettings) -> None:
        self.window = sound_window(classifier.window)
        self._classifier, self._quiet_db = classifier, settings.quiet_db
        self._mel = LogMel(self.window)
        self._hop = hop_samples(self.window)
        self._rows: F32 = np.zeros((0, self.window.bands), np.float32)
        self._level_db: F32 = np.zeros(0, np.float32)
        self._heard = 0  # samples since the begin

    def step(self, samples: F32, t_s: float, utc_ns: int) -> Iterator[Recognition]:
        """What the windows show that these samples complete and whose turn it is.

        Args:
            samples: (any,) at the model's rate, -1..1, following on the last ones.
            t_s: of the newest sample, monotonic.
            utc_ns: the same by the wall clock.

        Raises:
            ModelError: the model failed.
        """
        sane = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
        rows = self._mel.step(sane)
        for number, row in enumerate(rows):
            self._rows = np.concatenate([self._rows, row[None]])[-self.window.frames :]
            before_s = (len(rows) - 1 - number) * self._hop / self.window.rate_hz
            if len(self._rows) == self.window.frames and self._classifier.due(t_s - before_s):
                yield self._classified(t_s - before_s, utc_ns - round(before_s * 1e9))

    def clear(self) -> None:
        """Forget what was heard: what comes next does not follow on it."""
        self._mel.clear()
        self._rows = self._rows[:0]

    def _classified(self, t_s: float, utc_ns: int) -> Recognition:
        if loudness_db(self._rows, self.window) < self._quiet_db:
            return self._classifier.quiet(t_s, utc_ns)
        return self._classifier.step(scaled(self._rows, self.window), t_s, utc_ns)


def loudness_db(rows: F32, window: SoundWindow) -> float:
    """Of the loudest row (n, bands); a sine of full scale has 0 dB, where its bands overlap evenly."""
    energy = np.exp(rows.astype(np.float64)).sum(axis=1).max()
    return float(10 * np.log10(energy / (HANN_BINS * fft_size(window) / frame_samples(window))))
