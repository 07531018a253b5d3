"""The broker, as a roll-out sees it: what devices say, what is wanted of them, and saying it. One thread.

It subscribes to the topics of its own devices only, a portion at a time: brokers throw retained messages away that
come faster than somebody takes them. A message to itself after each portion comes back behind them.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.contracts.errors import BrokerError
from edge.contracts.topics import Topics
from firmware_tools.broker import Endpoint

KEEPALIVE_S, CONNECT_S = 20, 10.0
PORTION, MOST_PACKETS = 50, 500  # devices of one subscription; packets of one turn
LASTING = frozenset(
    {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}
)  # reasons why a broker refuses us that do not go by themselves
AVAILABLE, REPORTED, DESIRED = "available", "update/reported", "update/desired"


@dataclass(frozen=True, slots=True)
class Message:
    """One of a device: `what` is one of the three above."""

    device: str
    what: str
    payload: bytes
    retained: bool  # it was there before we were


class Link:
    """One connection at a time; `connect` after each loss. Close it with `close`.

    Args:
        broker: and who we are there.
        rollout: its name.
        devices: whose topics are heard.
    """

    def __init__(self, broker: Endpoint, rollout: str, devices: Iterable[str]) -> None:
        self._broker, self._devices = broker, tuple(devices)
        self._marker = f"{broker.prefix}/rollout/{rollout}/{uuid.uuid4().hex}"
        self._mine = re.compile(
            rf"{re.escape(broker.prefix)}/(?P<device>[^/]+)/(?P<what>{AVAILABLE}|{REPORTED}|{DESIRED})"
        )
        self._client: paho.Client | None = None
        self._inbox: list[Message] = []
        self._ready, self._refused = False, ""
        self._packets = 0  # that came, of the kinds that are told of
        self._portions: Iterator[int] = iter(())

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._client is not None

    @property
    def ready(self) -> bool:
        """Whether everything that the broker kept has come."""
        return self._ready

    def connect(self) -> None:
        """Connect anew. Raises BrokerError; OSError where nobody is there now."""
        self.close()
        self._inbox, self._ready = [], False
        self._portions = iter(range(0, len(self._devices), PORTION))
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="", protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = CONNECT_S
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password or None)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.on_connect, client.on_message = self._connected, self._came
        client.on_subscribe, client.on_publish = self._subscribed, self._published
        try:
            client.connect(self._broker.host, self._broker.port, KEEPALIVE_S, clean_start=True)
        except ValueError as error:
            raise BrokerError(f"{self._broker.address} cannot be reached: {error}") from error
        self._client = client

    def turn(self, wait_s: float) -> list[Message]:
        """What came, waiting at most so long for the first. Raises BrokerError: it refuses us, or what we say."""
        self._drain(wait_s)
        if self._refused:
            raise BrokerError(self._refused)
        came, self._inbox = self._inbox, []
        return came

    def publish(self, device: str, desired: str) -> None:
        """Have it retained that something is wanted of a device; "" deletes it."""
        if self._client is not None:
            self._client.publish(self._topics(device).update_desired, desired.encode(), 1, retain=True)

    def close(self) -> None:
        """Say farewell."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None

    def _drain(self, wait_s: float) -> None:
        """Take what is there: paho reads few packets at a time."""
        for _ in range(MOST_PACKETS):
            before = self._packets
            if self._client is None or self._client.loop(wait_s) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._client = None
            if self._packets == before or self._client is None:
                return
            wait_s = 0.0

    def _topics(self, device: str) -> Topics:
        return Topics(device, self._broker.prefix)

    def _connected(
        self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        if code.is_failure:
            if code.value in LASTING:
                self._refused = f"{self._broker.address} refuses us: {code}; check who we are there"
            return
        client.subscribe(self._marker, 1)

    def _subscribed(
        self, client: paho.Client, _data: object, _number: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self._packets += 1
        if any(code.is_failure for code in codes):
            self._refused = (
                f"{self._broker.address} does not let us hear the devices: {codes[0]}; check our rights there"
            )
        client.publish(self._marker, b"here", 1)

    def _came(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._packets += 1
        if message.topic == self._marker:
            self._next_portion(client)
        elif found := self._mine.fullmatch(message.topic):
            self._inbox.append(Message(found["device"], found["what"], bytes(message.payload), message.retain))

    def _next_portion(self, client: paho.Client) -> None:
        first = next(self._portions, None)
        if first is None:
            self._ready = True
            return
        options = SubscribeOptions(qos=1)
        some = map(self._topics, self._devices[first : first + PORTION])
        client.subscribe(
            [(topic, options) for one in some for topic in (one.available, one.update_reported, one.update_desired)]
        )

    def _published(
        self, _client: paho.Client, _data: object, _number: int, code: ReasonCode, _properties: object
    ) -> None:
        self._packets += 1
        if code.is_failure:
            self._refused = f"{self._broker.address} does not take what we say: {code}; check our rights there"
