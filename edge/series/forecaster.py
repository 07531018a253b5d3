"""The forecast of a sensor, reading by reading."""

import hashlib
from itertools import pairwise

import numpy as np

from edge.contracts.errors import MessageError
from edge.contracts.runtime import Runtime
from edge.contracts.stored import StateError
from edge.contracts.types import F64, Reading, SeriesForecast
from edge.series.grid import LISTENED, SECOND_NS, usual_step_ns
from edge.series.model import SeriesModel
from edge.series.running import Running
from edge.series.saving import form_of, pack, unpack
from edge.series.settings import SeriesSettings

FORM = "series-1"
LARGEST = 1e100  # squares of larger values are no numbers any more


class SeriesForecaster:
    """Forecasts what a sensor will read, and learns from what it then reads.

    A reading costs O(N²) for N features, whatever came before; memory is bounded. Until the step of the grid is
    known (from the model, the settings, or the first readings) nothing is forecast. A horizon is rounded to whole
    steps of the grid, at least one.

    Args:
        settings: how far ahead, and how it learns.
        runtime: of a SERIES model whose state and forecast are built upon; None: of a fixed recurrent network.

    Raises:
        ModelError: the model is no SERIES model with a window.
        ConfigError: settings and model are at odds.
    """

    def __init__(self, settings: SeriesSettings, runtime: Runtime | None = None) -> None:
        self._settings = settings
        self._model = None if runtime is None else SeriesModel(runtime, settings)
        self._heard: list[int] = []  # times of the first readings, while the step is not known
        self._running: Running | None = None

    def step(self, reading: Reading) -> SeriesForecast | None:
        """What comes after one more reading; None where it is no newer step of the grid, or too early to tell.

        Values that are no numbers count as not read.

        Raises:
            MessageError: the reading has another number of values than those before it, or than the model takes.
        """
        running = self._begun(reading)
        if running is None:
            return None
        if len(reading.values) != running.channels:
            raise MessageError(
                f"sensor {reading.sensor} gave {len(reading.values)} values where {running.channels} are expected; "
                "send the same ones in each message, or give the others a sensor of their own"
            )
        ahead = running.step(reading.utc_ns, _numbers(reading.values))
        if ahead is None:
            return None
        mean, sigma = _rows(ahead.mean), _rows(ahead.sigma)
        return SeriesForecast(reading.sensor, reading.utc_ns, running.horizons_s, mean, sigma, anomaly=0.0)

    def state(self) -> bytes:
        """All that was learnt; b"" where that is nothing yet."""
        running = self._running
        return b"" if running is None else pack(self._form(running), running.parts)

    def restore(self, data: bytes) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises:
            StateError: the bytes are damaged, or were learnt under other settings; nothing has changed.
        """
        if not data:
            return
        told = form_of(data).split(":")
        if len(told) != 4 or not (told[1].isdigit() and told[2].isdigit()):
            raise StateError("what was learnt about a series cannot be read; learning begins anew")
        running = Running(int(told[1]), int(told[2]), self._settings, self._model)
        unpack(data, self._form(running), running.parts)
        self._running = running

    def _begun(self, reading: Reading) -> Running | None:
        """The running forecast, begun as soon as the step of the grid is known."""
        if self._running is None and reading.values:
            step_ns = self._step_ns(reading.utc_ns)
            if step_ns:
                channels = self._model.channels if self._model else len(reading.values)
                self._running = Running(channels, step_ns, self._settings, self._model)
        return self._running

    def _step_ns(self, utc_ns: int) -> int:
        """0 while it is not known."""
        told_s = self._model.step_s if self._model else self._settings.step_s
        if told_s:
            return round(told_s * SECOND_NS)
        self._heard.append(utc_ns)
        if len(self._heard) <= LISTENED:
            return 0
        return usual_step_ns([later - earlier for earlier, later in pairwise(self._heard)])

    def _form(self, running: Running) -> str:
        how = self._settings.model_dump_json() + (self._model.sha256 if self._model else "")
        return f"{FORM}:{running.channels}:{running.step_ns}:{hashlib.sha256(how.encode()).hexdigest()[:16]}"


def _numbers(values: tuple[float, ...]) -> F64:
    numbers = np.array(values, np.float64)
    numbers[np.abs(numbers) > LARGEST] = np.nan
    return numbers


def _rows(values: F64) -> tuple[tuple[float, ...], ...]:
    return tuple([tuple(row) for row in values.tolist()])
