"""Whoever wants to know what windows show, and the messages of it."""

from typing import Protocol

from edge.contracts.bus import Bus
from edge.contracts.recognition import Recognition, encode_recognised, encode_recognition
from edge.contracts.topics import Topics
from edge.publisher import Events


class Told(Protocol):
    """Takes what a window shows; called on the thread of its sensor."""

    def __call__(self, found: Recognition, /) -> None:
        """One window."""


class RecognitionPublisher:
    """Publishes a class when it changes, and an event when one is recognised.

    Args:
        bus: for what may be lost.
        events: for what may not.
        topics: of this device.
        run: names this start of the daemon.
    """

    def __init__(self, bus: Bus, events: Events, topics: Topics, run: str) -> None:
        self._bus, self._events, self._topics, self._run = bus, events, topics, run
        self._last: dict[str, str] = {}

    def __call__(self, found: Recognition) -> None:
        """Tell what is new."""
        if self._last.get(found.sensor) != found.label or found.fresh:
            self._last[found.sensor] = found.label
            self._bus.publish(self._topics.recognised(found.sensor), encode_recognition(found))
        if found.fresh:
            self._events.put(self._topics.events, encode_recognised(found, self._topics.device, self._run))
