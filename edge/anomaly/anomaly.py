"""The anomaly score of one sensor."""

import hashlib

import numpy as np

from edge.anomaly.residual import Residual
from edge.anomaly.settings import AnomalySettings
from edge.anomaly.state import channels, pack, unpack
from edge.contracts.types import F64


class Anomaly:
    """Scores the readings of one sensor, of one or more channels, one after the other.

    The number of channels is that of the first reading (or of the state that is restored).
    """

    def __init__(self, settings: AnomalySettings) -> None:
        self._settings = settings
        self._arrays: tuple[F64, ...] = ()  # count (1,), mean (C,), variance (C,), newest (C,)

    def step(self, t_s: float, values: F64, forecast: Residual | None) -> float:
        """How odd a reading is, 0 (as ever) to 1 (never seen the like).

        Args:
            t_s: its time, seconds; repeats and backward steps are allowed.
            values: (C,), NaN or infinite where the channel has none.
            forecast: how far it is from what was forecast for it, None where nothing was.

        Raises:
            ValueError: another number of channels than before.
        """
        if not self._arrays:
            self._arrays = _fresh(len(values))
        count, mean, variance, newest = self._arrays
        if values.shape != mean.shape:
            raise ValueError(f"the sensor has {len(mean)} channels, this reading has shape {values.shape}")
        good = np.isfinite(values)
        change = np.where(good & (count[0] > 0), values - np.where(good, newest, 0.0), 0.0)
        newest[good] = values[good]
        z = np.abs(change - mean) / np.sqrt(variance + 1e-12)
        rate = max(1 / (count[0] + 1), 1 / self._settings.memory)
        mean += rate * (change - mean)
        variance += rate * ((change - mean) ** 2 - variance)
        count += 1
        if count[0] < self._settings.learning:
            return 0.0
        return float(1 - np.exp(-max(float(np.max(z)) - 3, 0.0) / 3))

    def state(self) -> bytes:
        """All that was learnt; give it to `restore` of a new instance with the same settings."""
        return pack(self._arrays, len(self._arrays[1]) if self._arrays else 0, self._digest())

    def restore(self, state: bytes) -> None:
        """Go on from a saved state: the scores that follow are those that would have followed then.

        Raises:
            AnomalyStateError: it is damaged, of a newer form or of other settings; nothing has changed.
        """
        count = channels(state, self._digest())
        arrays = _fresh(count) if count else ()
        unpack(state, arrays)
        self._arrays = arrays

    def _digest(self) -> bytes:
        return hashlib.blake2b(self._settings.model_dump_json().encode(), digest_size=16).digest()


def _fresh(channels: int) -> tuple[F64, ...]:
    return np.zeros(1), np.zeros(channels), np.zeros(channels), np.zeros(channels)
