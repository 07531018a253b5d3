"""A bus inside the process: no broker, no network. What the demo and the tests publish through."""

import logging
import threading
from collections.abc import Callable

from paho.mqtt.client import topic_matches_sub

from edge.contracts.bus import Handler, Message, Settled

_log = logging.getLogger(__name__)


class LocalBus:
    """Delivers on the publisher's thread, and keeps retained messages until the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retained: dict[str, bytes] = {}
        self._handlers: list[tuple[str, Handler]] = []

    @property
    def connected(self) -> bool:
        """Always."""
        return True

    @property
    def session(self) -> int:
        """There is only the one."""
        return 1

    def on_change(self, hook: Callable[[], None]) -> None:
        """Nothing ever changes."""

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Hand to each handler whose filter matches."""
        with self._lock:
            if retain and payload:
                self._retained[topic] = payload
            elif retain:
                self._retained.pop(topic, None)
            handlers = [handler for topic_filter, handler in self._handlers if topic_matches_sub(topic_filter, topic)]
        for handler in handlers:
            deliver(handler, Message(topic, payload, retained=False))

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """From now on, beginning with what is retained."""
        with self._lock:
            self._handlers.append((topic_filter, handler))
            stored = [pair for pair in self._retained.items() if topic_matches_sub(topic_filter, pair[0])]
        for topic, payload in stored:
            deliver(handler, Message(topic, payload, retained=True))

    def listen(self, topic: str, handler: Handler) -> Callable[[], None]:
        """As `subscribe`, until what is returned is called."""
        self.subscribe(topic, handler)

        def undo() -> None:
            with self._lock:
                self._handlers = [pair for pair in self._handlers if pair != (topic, handler)]

        return undo

    def send(self, topic: str, payload: bytes, settled: Settled) -> bool:
        """Publish; settled at once, for within the process nothing gets lost."""
        self.publish(topic, payload)
        settled(True)
        return True


def deliver(handler: Handler, message: Message) -> None:
    """Call a handler; what it raises is logged and goes no further."""
    try:
        handler(message)
    except Exception:  # noqa: BLE001 - a handler's fault must not harm the publisher
        _log.exception("handling a message on %s failed", message.topic)
