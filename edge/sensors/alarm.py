"""When an anomaly begins and when it is over."""

from edge.contracts.sensors import SensorEventKind
from edge.sensors.settings import AlarmSettings

LATEST_NS = 1 << 63  # the year 2262


class Alarm:
    """Begins at the threshold, ends after some calm: a score that flickers is one anomaly."""

    def __init__(self, settings: AlarmSettings) -> None:
        self._settings = settings
        self.since_ns = 0  # when it began; 0 = there is none
        self.worst = 0.0
        self._calm = 0

    def step(self, utc_ns: int, score: float) -> SensorEventKind | None:
        """What happens with this score; `since_ns` and `worst` still tell of an anomaly that ends now."""
        high = score >= self._settings.threshold
        if not self.since_ns:
            if not high:
                return None
            self.since_ns, self.worst, self._calm = utc_ns, score, 0
            return SensorEventKind.ANOMALY
        self.worst = max(self.worst, score)
        self._calm = 0 if high else self._calm + 1
        return SensorEventKind.NORMAL if self._calm >= self._settings.calm_steps else None

    def over(self) -> None:
        """The end has been told."""
        self.since_ns = 0

    def restore(self, since_ns: int, worst: float) -> None:
        """Go on with an anomaly that an earlier run told of.

        Raises:
            ValueError: there can be none such.
        """
        if not (0 <= since_ns < LATEST_NS and 0 <= worst <= 1):
            raise ValueError("what was kept of its anomaly is impossible")
        self.since_ns, self.worst = since_ns, worst
