"""The anomaly score of one sensor."""

import hashlib

import numpy as np

from edge.anomaly.channel import Channel
from edge.anomaly.quiet import Quiet
from edge.anomaly.residual import Residual
from edge.anomaly.settings import AnomalySettings
from edge.anomaly.state import MAX_CHANNELS, channels, pack, unpack
from edge.contracts.types import F64

HALF = 3.3  # oddness whose score is 0.5: the best threshold on the series that chose the constants, real and made


class Anomaly:
    """Scores the readings of one sensor, of one or more channels, one after the other.

    The number of channels is that of the first reading, or of the state that is restored. Time and memory of a step do
    not grow with the number of readings.
    """

    def __init__(self, settings: AnomalySettings) -> None:
        self._settings = settings
        self._channels: list[Channel] = []
        self._quiet = Quiet(settings.quiet)
        self._oddness = 0.0

    @property
    def unmuted(self) -> float:
        """The score of the newest reading as it is while an event goes on, when `step` tells 0. 0..1."""
        return self._oddness / (self._oddness + HALF)

    def step(self, t_s: float, values: F64, forecast: Residual | None) -> float:
        """How odd a reading is, 0 (as ever, or no odder than shortly before) to 1; from 0.5 on it is worth telling.

        Args:
            t_s: its time, seconds; repeats and backward steps are allowed, only the phase of the rhythm counts.
            values: (C,), NaN or infinite where a channel has none.
            forecast: how far it is from what was forecast for it, None where nothing was.

        Raises:
            ValueError: another number of channels than before.
        """
        if not self._channels:
            self._channels = self._fresh(len(values))
        if values.shape != (len(self._channels),):
            raise ValueError(f"the sensor has {len(self._channels)} channels, this reading has shape {values.shape}")
        if not np.isfinite(values).any():
            return 0.0
        surprise = np.full(len(values), np.nan) if forecast is None else forecast.error / forecast.sigma
        told = zip(self._channels, values.tolist(), surprise.tolist(), strict=True)
        self._oddness = max((channel.step(t_s, value, by) for channel, value, by in told), default=0.0)
        score = self._quiet.step(self._oddness)
        return score / (score + HALF)

    def state(self) -> bytes:
        """All that was learnt; give it to `restore` of a new instance with the same settings."""
        return pack(self._arrays(self._channels), len(self._channels), self._digest())

    def restore(self, state: bytes) -> None:
        """Go on from a saved state: the scores that follow are those that would have followed then.

        Raises:
            AnomalyStateError: it is damaged, of another form or of other settings; nothing has changed.
        """
        fresh = self._fresh(channels(state, self._digest()))
        arrays = self._arrays(fresh)
        unpack(state, arrays)
        each = len(arrays[2:]) // max(len(fresh), 1)
        for number, channel in enumerate(fresh):
            channel.restore(arrays[2 + each * number : 2 + each * (number + 1)])
        for own, stored in zip(self._quiet.arrays(), arrays, strict=False):
            own[:] = stored
        self._channels = fresh

    def _arrays(self, parts: list[Channel]) -> tuple[F64, ...]:
        quiet = tuple(array.copy() for array in self._quiet.arrays())
        return (*quiet, *(array for channel in parts for array in channel.arrays()))

    def _fresh(self, count: int) -> list[Channel]:
        if count > MAX_CHANNELS:
            raise ValueError(f"{count} channels; a sensor has at most {MAX_CHANNELS}")
        return [Channel(self._settings) for _ in range(count)]

    def _digest(self) -> bytes:
        return hashlib.blake2b(self._settings.model_dump_json().encode(), digest_size=16).digest()
