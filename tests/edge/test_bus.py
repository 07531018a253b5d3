"""What every bus promises: the one inside the process and the one through a real broker."""

import threading
from collections.abc import Iterator

import pytest

from edge.bus import LocalBus
from edge.contracts.bus import Carrier, Message
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until


class Seen:
    """Remembers what a subscription delivered."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def wait(self, count: int) -> list[Message]:
        assert wait_until(lambda: len(self.messages) >= count)
        return self.messages


@pytest.fixture(params=["local", "mqtt"])
def bus(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    if request.param == "local":
        yield LocalBus()
        return
    with Broker() as broker, MqttLink(MqttSettings(host="127.0.0.1", port=broker.port)) as link:
        assert link.wait_connected(60)
        yield link


def test_is_connected(bus: Carrier) -> None:
    assert bus.connected
    assert bus.session == 1


def test_delivers_what_matches_and_nothing_else(bus: Carrier) -> None:
    one, rest, other = Seen(), Seen(), Seen()
    bus.subscribe("a/+/c", one)
    bus.subscribe("a/#", rest)
    bus.subscribe("b", other)
    for topic in ("a/b/c", "a/b/d", "z", "a/ü/c"):
        bus.publish(topic, topic.encode())
    bus.publish("b", b"last")
    other.wait(1)
    assert other.messages == [Message("b", b"last", retained=False)]
    assert {message.topic for message in one.wait(2)} == {"a/b/c", "a/ü/c"}
    assert {message.topic for message in rest.wait(3)} == {"a/b/c", "a/b/d", "a/ü/c"}


def test_empty_payload(bus: Carrier) -> None:
    seen = Seen()
    bus.subscribe("a", seen)
    bus.publish("a", b"")
    assert seen.wait(1) == [Message("a", b"", retained=False)]


def test_late_subscriber_gets_what_is_retained(bus: Carrier) -> None:
    first, late = Seen(), Seen()
    bus.subscribe("state/#", first)
    bus.publish("state/a", b"1", retain=True)
    bus.publish("state/a", b"2", retain=True)
    bus.publish("state/b", b"3")
    assert first.wait(3)[-1] == Message("state/b", b"3", retained=False)
    bus.subscribe("state/+", late)
    assert late.wait(1) == [Message("state/a", b"2", retained=True)]


def test_empty_retained_payload_deletes(bus: Carrier) -> None:
    late, end = Seen(), Seen()
    bus.publish("state/a", b"1", retain=True)
    bus.publish("state/a", b"", retain=True)
    bus.publish("state/b", b"1", retain=True)
    bus.subscribe("state/#", late)
    bus.subscribe("end", end)
    bus.publish("end", b"")
    end.wait(1)
    assert [message.topic for message in late.wait(1)] == ["state/b"]


def test_handler_that_fails_harms_nobody(bus: Carrier) -> None:
    def failing(message: Message) -> None:
        raise RuntimeError(message.topic)

    seen = Seen()
    bus.subscribe("a", failing)
    bus.subscribe("a", seen)
    for number in range(10):
        bus.publish("a", b"%d" % number)
    assert [message.payload for message in seen.wait(10)] == [b"%d" % number for number in range(10)]


def test_handler_may_publish(bus: Carrier) -> None:
    seen = Seen()
    bus.subscribe("answer", seen)
    bus.subscribe("ask", lambda message: bus.publish("answer", message.payload))
    bus.publish("ask", b"42")
    assert seen.wait(1)[0].payload == b"42"


def test_confirms_what_somebody_got(bus: Carrier) -> None:
    seen, taken, settled = Seen(), [], threading.Event()

    def on_settled(how: bool) -> None:
        taken.append(how)
        settled.set()

    bus.subscribe("a", seen)
    assert bus.send("a", b"x", on_settled)
    assert settled.wait(60)
    assert taken == [True]
    assert [message.payload for message in seen.wait(1)] == [b"x"]
