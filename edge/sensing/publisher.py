"""What the sensors tell, as messages: the newest sample at a bounded rate, states when they change, events at once."""

import math
import time

from edge.contracts.bus import Bus
from edge.contracts.messages import (
    encode_anomaly,
    encode_reading,
    encode_sensor_event,
    encode_series_forecast,
    encode_switch,
)
from edge.contracts.sensors import SensorEventKind, SensorStatus
from edge.contracts.topics import Topics
from edge.publisher import Events
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed


class SensorPublisher(SensorObserver):
    """Tells the world.

    Args:
        bus: for what may be lost.
        events: for what may not.
        topics: of this device.
        run: names this start of the daemon.
        per_s: messages of each kind per second, by sensor.
    """

    def __init__(self, bus: Bus, events: Events, topics: Topics, run: str, per_s: dict[str, float]) -> None:
        self._bus, self._events, self._topics, self._run = bus, events, topics, run
        self._period_s = {name: 1 / rate if rate else math.inf for name, rate in per_s.items()}
        self._due_s = {name: 0.0 if rate else math.inf for name, rate in per_s.items()}
        self._told: dict[str, bytes] = {}

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Publish one sample, if it is time, and its event."""
        if sensed.event:
            body = encode_sensor_event(sensed.event, self._topics.device, self._run)
            self._events.put(self._topics.events, body)
            self._keep(self._topics.problem(sensor), encode_switch(sensed.event.kind is SensorEventKind.ANOMALY))
        now_s, period_s = time.monotonic(), self._period_s[sensor]
        early = now_s < self._due_s[sensor] and not sensed.event
        if sensed.bridged or early or period_s == math.inf:
            return
        self._due_s[sensor] = max(self._due_s[sensor] + period_s, now_s + period_s / 2)
        self._bus.publish(self._topics.reading(sensor), encode_reading(sensed.reading))
        self._bus.publish(self._topics.anomaly(sensor), encode_anomaly(sensed.forecast))
        if sensed.forecast.horizon_s:
            self._bus.publish(self._topics.series_forecast(sensor), encode_series_forecast(sensed.forecast))

    def stands(self, sensor: str, status: SensorStatus, odd: bool) -> None:
        """Publish what has changed."""
        self._keep(self._topics.sensor_status(sensor), status.value.encode())
        self._keep(self._topics.problem(sensor), encode_switch(odd))

    def _keep(self, topic: str, payload: bytes) -> None:
        if self._told.get(topic) != payload:
            self._told[topic] = payload
            self._bus.publish(topic, payload, retain=True)
