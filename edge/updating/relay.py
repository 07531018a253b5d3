"""A bus that stays while connections come and go: what the updates speak through."""

import threading

from edge.contracts.bus import Bus, Handler


class Relay:
    """A `Bus`: passes everything on to the one that it follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bus: Bus | None = None
        self._handlers: list[tuple[str, Handler]] = []
        self._kept: dict[str, bytes] = {}

    @property
    def connected(self) -> bool:
        """Whether a message published now goes out."""
        bus = self._bus
        return bus is not None and bus.connected

    def follow(self, bus: Bus) -> None:
        """From now on this one carries everything, beginning with what was to be kept."""
        with self._lock:
            self._bus = bus
            handlers, kept = list(self._handlers), dict(self._kept)
        for topic_filter, handler in handlers:
            bus.subscribe(topic_filter, handler)
        for topic, payload in kept.items():
            bus.publish(topic, payload, retain=True)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """See `Bus`. What is not to be kept is lost while there is no bus."""
        with self._lock:
            bus = self._bus
            if retain:
                self._kept[topic] = payload
        if bus is not None:
            bus.publish(topic, payload, retain)

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """See `Bus`."""
        with self._lock:
            self._handlers.append((topic_filter, handler))
            bus = self._bus
        if bus is not None:
            bus.subscribe(topic_filter, handler)
