"""The seam between the chain and whatever carries its messages: an MQTT broker, or the process itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What a subscriber receives. `retained` tells a stored message from one that was published just now."""

    topic: str
    payload: bytes
    retained: bool


Handler = Callable[[Message], None]  # called on the bus's thread: be quick, never wait; an exception is logged
Settled = Callable[[bool], None]  # whether the broker took it and somebody got it


class Bus(Protocol):
    """Publishes and subscribes. Topics are whole ones, nothing is put in front of them."""

    @property
    def connected(self) -> bool:
        """Whether a message published now goes out."""

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send at most once and never wait. Retained ones are sent again on each connection, others are dropped.

        An empty retained payload deletes what was retained.
        """

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """Call `handler` for each message whose topic matches (`+` one level, `#` the rest), now and after outages."""


class Carrier(Bus, Protocol):
    """A bus that also confirms: what the outbox sends through."""

    @property
    def session(self) -> int:
        """The number of this connection, counted from 1; 0 while there is none. What was sent before may be lost."""

    def send(self, topic: str, payload: bytes, settled: Settled) -> bool:
        """Send with confirmation; `settled` comes at most once, on any thread. False: not taken, try again later."""

    def on_change(self, hook: Callable[[], None]) -> None:
        """Call `hook` whenever `session` has changed."""


class Listening(Protocol):
    """Hears what others publish, for as long as somebody wants to."""

    def listen(self, topic: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` for each message on a topic, asked for with QoS 0; what is returned ends it."""
