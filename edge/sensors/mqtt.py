"""Readings that others publish on the broker."""

import math
import time
from collections.abc import Callable

from edge.contracts.bus import Listening, Message
from edge.sensors.arrival import Raw
from edge.sensors.settings import MqttSource
from edge.sensors.source import Offer, ignore


class MqttSensor:
    """Hears one topic. Messages are asked for with QoS 0: a broker shall not keep them for later, as if they were new.

    Args:
        settings: which topic.
        listening: to the broker.
        connected: whether there is one now.
    """

    due_s = math.inf
    ended = False

    def __init__(self, settings: MqttSource, listening: Listening, connected: Callable[[], bool]) -> None:
        self._settings, self._listening, self._connected = settings, listening, connected
        self._undo: Callable[[], None] = _nothing
        self._offer: Offer = ignore

    @property
    def trouble(self) -> str:
        """Without a broker nothing comes."""
        return "" if self._connected() else "there is no connection to the broker"

    def begin(self, offer: Offer) -> None:
        """Listen."""
        self._offer = offer
        self._undo = self._listening.listen(self._settings.topic, self._heard)

    def end(self) -> None:
        """Listen no more."""
        self._undo()
        self._undo = _nothing

    def close(self, within_s: float = 0.0) -> None:
        """The same: there is nothing to wait for."""
        self.end()

    def _heard(self, message: Message) -> None:
        self._offer(Raw(message.payload, time.monotonic(), time.time_ns(), message.retained))


def _nothing() -> None:
    """Nothing is to be undone."""
