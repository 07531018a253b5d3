"""A subscriber to everything that a device says, with the time at which each message came."""

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.mqtt.session import no_delay
from tests.patience import patient


class Heard(NamedTuple):
    """One message."""

    at_s: float  # on the clock of `time.monotonic()`
    topic: str  # without `foresight/<device>/`
    payload: bytes
    retained: bool  # kept by the broker from before we subscribed

    @property
    def json(self) -> Any:
        """The payload, decoded."""
        return json.loads(self.payload)


class Listener:
    """Use as a context manager; entering waits until the broker passes messages on.

    `everything`: also what is not the device's; such topics are told whole.
    """

    def __init__(self, port: int, device: str, *, everything: bool = False) -> None:
        self._port, self._base, self._everything = port, f"foresight/{device}/", everything
        self._messages: list[Heard] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_socket_open = no_delay
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect_async("127.0.0.1", self._port, keepalive=20)
        self._client.loop_start()
        assert self._subscribed.wait(60), "the broker did not answer"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def heard(self, topic: str = "") -> list[Heard]:
        """The messages so far, in order; of one topic where it is given."""
        with self._changed:
            return [message for message in self._messages if not topic or message.topic == topic]

    def wait_for(self, wanted: Callable[[Heard], object], limit_s: float = 60.0, after_s: float = 0.0) -> Heard:
        """The first message that is wanted and came after a time; fails when none comes within the limit."""
        deadline_s, seen = time.monotonic() + patient(limit_s), 0
        with self._changed:
            while True:
                for message in self._messages[seen:]:
                    if message.at_s >= after_s and wanted(message):
                        return message
                seen = len(self._messages)
                left_s = deadline_s - time.monotonic()
                assert left_s > 0, f"not heard within {limit_s:g} s; the last was {self._messages[-1:]}"
                self._changed.wait(left_s)

    def forget(self) -> None:
        """Let go of all messages so far."""
        with self._changed:
            self._messages.clear()

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe("#" if self._everything else f"{self._base}#", 1)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._base)
        with self._changed:
            self._messages.append(Heard(time.monotonic(), topic, bytes(message.payload), message.retain))
            self._changed.notify_all()
