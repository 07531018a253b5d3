"""Hearing what others publish: until it is undone, and again after an outage."""

from collections.abc import Iterator

import pytest
from paho.mqtt import publish

from edge.contracts.bus import Message
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def payloads(heard: list[Message]) -> list[str]:
    return [message.payload.decode() for message in heard]


def say(broker: Broker, topic: str, payload: str) -> None:
    publish.single(topic, payload, hostname="127.0.0.1", port=broker.port)


def test_until_it_is_undone_and_again_after_an_outage(broker: Broker) -> None:
    one: list[Message] = []
    other: list[Message] = []
    settings = MqttSettings(host="127.0.0.1", port=broker.port, device="dev", reconnect_max_s=0.3)
    with MqttLink(settings) as link:
        undo = link.listen("shed/tank", one.append)
        undo_other = link.listen("shed/tank", other.append)
        assert link.wait_connected(60)
        said = iter(range(1000))

        def come(heard: list[Message], count: int) -> bool:
            if len(heard) < count:
                say(broker, "shed/tank", str(next(said)))
            return len(heard) >= count

        assert wait_until(lambda: come(one, 2))
        broker.restart()
        assert wait_until(lambda: link.connected and come(one, 4))
        undo()
        say(broker, "shed/tank", "after")
        assert wait_until(lambda: "after" in payloads(other))
        assert "after" not in payloads(one)
        undo_other()
        link.listen("shed/well", one.append)
        say(broker, "shed/tank", "late")

        def well() -> bool:
            say(broker, "shed/well", "x")
            return one[-1].topic == "shed/well"

        assert wait_until(well)
        assert "late" not in payloads(other)
