"""What a replay has seen of one sensor, kept for a picture of it."""

from array import array
from dataclasses import dataclass

import numpy as np

from edge.contracts.sensors import SensorEventKind
from edge.contracts.types import F64, SeriesForecast
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed


@dataclass(frozen=True, eq=False, slots=True)
class Traced:
    """N samples of C channels, oldest first. What was expected is what the shortest horizon said, NaN where nothing."""

    t_s: F64  # (N,) seconds since 1970
    values: F64  # (N, C)
    expected: F64  # (N, C)
    sigma: F64  # (N, C)
    anomaly: F64  # (N,)
    odd: tuple[tuple[float, float], ...]  # begin and end of each anomaly
    ahead: SeriesForecast | None  # the last forecast


class Trace(SensorObserver):
    """Collects samples, each with what was expected of it."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._t_s, self._anomaly = array("d"), array("d")
        self._values, self._expected, self._sigma = array("d"), array("d"), array("d")
        self._said: SeriesForecast | None = None
        self._odd: list[list[float]] = []

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Keep one sample."""
        said, blank = self._said, [np.nan] * self._channels
        t_s = sensed.reading.utc_ns / 1e9
        fits = said is not None and t_s - said.utc_ns / 1e9 < 1.5 * said.horizon_s[0]
        self._t_s.append(t_s)
        self._anomaly.append(sensed.forecast.anomaly)
        self._values.extend(sensed.reading.values)
        self._expected.extend(said.values[0] if said is not None and fits else blank)
        self._sigma.extend(said.sigma[0] if said is not None and fits else blank)
        self._said = sensed.forecast if sensed.forecast.horizon_s else None
        if sensed.event and sensed.event.kind is SensorEventKind.ANOMALY:
            self._odd.append([t_s, np.inf])
        elif sensed.event and self._odd:
            self._odd[-1][1] = t_s

    def traced(self) -> Traced:
        """All of it."""
        shape = (len(self._t_s), self._channels)
        t_s = np.array(self._t_s)
        last_s = float(t_s[-1]) if len(t_s) else 0.0
        return Traced(
            t_s=t_s,
            values=np.array(self._values).reshape(shape),
            expected=np.array(self._expected).reshape(shape),
            sigma=np.array(self._sigma).reshape(shape),
            anomaly=np.array(self._anomaly),
            odd=tuple((begin, min(end, last_s)) for begin, end in self._odd),
            ahead=self._said,
        )
