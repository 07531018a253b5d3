"""From samples on a grid to forecasts, anomalies and events: all that depends on the grid's step."""

import base64
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edge.anomaly import Residual
from edge.contracts.errors import EdgeError
from edge.contracts.sensors import SensorEvent, SensorEventKind
from edge.contracts.stored import Json
from edge.contracts.types import F64, Reading, SeriesForecast
from edge.sensing.settings import SensorSettings
from edge.sensing.steps import Forecaster, Lasting, Makers, NoForecaster
from edge.sensors.alarm import Alarm
from edge.sensors.horizons import too_near
from edge.sensors.persistence import DampedPersistence
from edge.sensors.score import LEARNT, Score
from edge.sensors.windows import Sample

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Sensed:
    """All that is known after a sample."""

    reading: Reading
    bridged: bool
    forecast: SeriesForecast  # with its anomaly; no horizons where nothing can be said
    event: SensorEvent | None


class Outlook:
    """Of one sensor, on one grid.

    Args:
        sensor: its name.
        settings: of it.
        step_s: of its grid.
        makers: of the steps that learn.
    """

    def __init__(self, sensor: str, settings: SensorSettings, step_s: float, makers: Makers) -> None:
        channels, ahead = len(settings.channels), settings.forecast
        self.step_s, self.samples, self.trouble = step_s, 0, ""
        self.unscored = ""  # why the newest sample has no score
        self.score = Score(channels, step_s)
        self._sensor = sensor
        self._plain = DampedPersistence(channels, step_s, ahead.horizons_s, ahead.memory_steps)
        self._learnt, self._scorer, self._alarm = self._made(makers), makers.scorer(), Alarm(settings.alarm)
        if said := too_near(ahead.horizons_s, step_s):
            _log.warning("sensor %s: %s; until then a step is forecast", sensor, said)

    @property
    def odd(self) -> bool:
        """Whether an anomaly was told of, and not yet its end."""
        return self._alarm.since_ns > 0

    def step(self, sample: Sample, utc_ns: int, *, stuck: bool) -> Sensed:
        """Take one sample. Nothing is forecast for a sensor that is stuck, and nothing it says is odd."""
        if sample.fresh:
            self._plain.restart()
            self.score.restart()
        self.samples += not sample.bridged
        reading = Reading(self._sensor, utc_ns, tuple(sample.values.tolist()))
        wrong = self.score.step(sample.values, counts=not sample.bridged)
        anomaly = 0.0
        if not sample.bridged and not stuck:
            anomaly = self._odd(sample, utc_ns, Residual(*wrong) if wrong else None)
        told = self._ahead(reading, counts=not sample.bridged)
        if stuck or told is None:
            told = SeriesForecast(self._sensor, utc_ns, (), (), (), 0.0)
        told = replace(told, utc_ns=utc_ns, anomaly=min(max(anomaly, 0.0), 1.0))
        event = None if sample.bridged else self._event(reading, told.anomaly, wrong)
        return Sensed(reading, sample.bridged, told, event)

    def state(self) -> dict[str, Json]:
        """What is to outlive a restart."""
        return {
            "step_s": self.step_s,
            "samples": self.samples,
            "plain": self._plain.state(),
            "score": self.score.state(),
            "learnt": _text(self._learnt.state()),
            "anomaly": _text(self._scorer.state()),
            "alarm": [self._alarm.since_ns, self._alarm.worst],
        }

    def restore(self, state: Mapping[str, Json]) -> None:
        """Go on from what was kept. A part that is of no use begins anew.

        Raises:
            ValueError: nothing of it is of use.
        """
        parts: dict[str, Callable[[Any], None]] = {
            "samples": lambda kept: setattr(self, "samples", int(kept)),
            "plain": self._plain.restore,
            "score": self.score.restore,
            "learnt": lambda kept: self._learnt.restore(_bytes(kept)),
            "anomaly": lambda kept: self._scorer.restore(_bytes(kept)),
            "alarm": lambda kept: self._alarm.restore(int(kept[0]), float(kept[1])),
        }
        failed = []
        for name, put in parts.items():
            try:
                put(state[name])
            except (EdgeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                failed.append(f"{name}: {error}")
        if len(failed) == len(parts):
            raise ValueError(failed[0])
        if failed:
            _log.warning("sensor %s: begins anew in part; %s", self._sensor, "; ".join(failed))

    def _odd(self, sample: Sample, utc_ns: int, residual: Residual | None) -> float:
        """How odd a sample is. A scorer that tells of an anomaly once is asked whether it goes on."""
        try:
            anomaly = self._scorer.step(utc_ns / 1e9, sample.values, residual)
        except EdgeError as error:
            if not self.unscored:
                _log.error("sensor %s: nothing is odd until it can be scored again: %s", self._sensor, error)
            self.unscored = str(error)
            return 0.0
        self.unscored = ""
        if self.odd and isinstance(self._scorer, Lasting):
            return max(anomaly, self._scorer.unmuted)
        return anomaly

    def _made(self, makers: Makers) -> Forecaster:
        """The forecaster that learns; one that cannot be made for this grid is done without."""
        try:
            return makers.forecaster(self.step_s)
        except EdgeError as error:
            self._give_up(error)
            return NoForecaster()

    def _give_up(self, error: EdgeError) -> None:
        self.trouble = str(error)
        _log.error("sensor %s: the plain forecast serves from now on: %s", self._sensor, error)

    def _ahead(self, reading: Reading, *, counts: bool) -> SeriesForecast | None:
        """What is forecast from a sample. One that was filled in is not learnt from, and what it says not scored."""
        plain = self._plain.step(reading, counts=counts)
        learnt = self._learning(reading if counts else replace(reading, values=(math.nan,) * len(reading.values)))
        self.score.said((plain, learnt) if counts else (None, None))
        return learnt if learnt is not None and self.score.serving == LEARNT else plain

    def _learning(self, reading: Reading) -> SeriesForecast | None:
        """What the learnt forecast says; one that cannot go on is done without until the next start."""
        if self.trouble:
            return None
        try:
            learnt = self._learnt.step(reading)
        except EdgeError as error:
            self._give_up(error)
            return None
        return learnt if learnt is not None and _finite(learnt.values) and _finite(learnt.sigma) else None

    def _event(self, reading: Reading, anomaly: float, wrong: tuple[F64, F64] | None) -> SensorEvent | None:
        alarm = self._alarm
        kind = alarm.step(reading.utc_ns, anomaly)
        if kind is None:
            return None
        expected = tuple((np.array(reading.values) - wrong[0]).tolist()) if wrong else ()
        ends = kind is SensorEventKind.NORMAL
        lasted_s = max(0.0, (reading.utc_ns - alarm.since_ns) / 1e9)
        told = alarm.worst if ends else anomaly
        if ends:
            alarm.over()
        return SensorEvent(kind, self._sensor, reading.utc_ns, told, reading.values, expected, lasted_s)


def _finite(rows: Sequence[Sequence[float]]) -> bool:
    return bool(np.isfinite(np.array(rows, np.float64)).all())


def _text(state: bytes) -> str:
    return base64.b64encode(state).decode("ascii")


def _bytes(kept: object) -> bytes:
    if not isinstance(kept, str):
        raise TypeError("it is no text")
    return base64.b64decode(kept, validate=True)
