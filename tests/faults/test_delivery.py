"""Events through a real broker while things break."""

import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outbox.settings import Forget, OutboxSettings
from tests.bench.outbox import faults
from tests.rigs.broker import Broker
from tests.rigs.host import Host, stored, wait_until
from tests.rigs.listener import Listener
from tests.rigs.wire import Line, RawServer, packet

BASE = "foresight/dev"


class Device:
    """A daemon's delivery side, in this process."""

    def __init__(self, port: int, folder: Path, forget: Forget) -> None:
        self.settings = OutboxSettings(forget=forget, silence_s=0.3)
        mqtt = MqttSettings(host="127.0.0.1", port=port, device="dev", reconnect_max_s=0.2)
        self.link = MqttLink(mqtt)
        self.outbox = Outbox(folder / "outbox.db", self.settings)
        self.sender = Sender(self.outbox, self.link, f"{BASE}/ack", self.settings)
        self._stack = ExitStack()

    def __enter__(self) -> "Device":
        for part in (self.link, self.outbox, self.sender):
            self._stack.enter_context(part)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def put(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            ticket = self.outbox.put(f"{BASE}/events", json.dumps({"n": number}).encode())
        assert self.outbox.accepted(ticket, 60)

    def delivered(self) -> bool:
        return wait_until(lambda: self.outbox.stats().rows == 0)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def numbers(database: Path) -> list[int]:
    return [json.loads(event)["n"] for _, _, event in stored(database)]


def test_through_a_broker_and_back(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.HOST_ACK) as device, Host(broker.port, tmp_path / "h.db", BASE):
        device.put(1, 1000)
        assert device.delivered()
    assert numbers(tmp_path / "h.db") == list(range(1, 1001))


def test_broker_killed_and_back(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.HOST_ACK) as device, Host(broker.port, tmp_path / "h.db", BASE) as host:
        host.wait_subscribed()
        for round_ in range(3):
            device.put(round_ * 400 + 1, round_ * 400 + 200)
            broker.kill()
            device.put(round_ * 400 + 201, round_ * 400 + 400)
            broker.start()
        assert device.delivered()
        assert device.outbox.stats().dropped == 0
    assert numbers(tmp_path / "h.db") == list(range(1, 1201))


def test_broker_absent_at_start(tmp_path: Path) -> None:
    with Broker(started=False) as broker, Device(broker.port, tmp_path, Forget.HOST_ACK) as device:
        device.put(1, 100)
        broker.start()
        with Host(broker.port, tmp_path / "h.db", BASE):
            assert device.delivered()
    assert numbers(tmp_path / "h.db") == list(range(1, 101))


def test_host_that_comes_late_gets_everything(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.HOST_ACK) as device:
        device.put(1, 700)
        assert wait_until(lambda: device.sender.stats().resent > 0)
        with Host(broker.port, tmp_path / "h.db", BASE):
            assert device.delivered()
    assert numbers(tmp_path / "h.db") == list(range(1, 701))


def test_frozen_broker_loses_nothing(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.HOST_ACK) as device, Host(broker.port, tmp_path / "h.db", BASE) as host:
        host.wait_subscribed()
        assert device.link.wait_connected(60)
        broker.freeze()
        device.put(1, 600)
        assert wait_until(lambda: device.sender.stats().resent > 0)
        broker.thaw()
        assert device.delivered()
    assert numbers(tmp_path / "h.db") == list(range(1, 601))


def test_new_host_without_memory_is_served_from_where_the_old_one_was(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.HOST_ACK) as device:
        with Host(broker.port, tmp_path / "old.db", BASE):
            device.put(1, 300)
            assert device.delivered()
        device.put(301, 600)
        with Host(broker.port, tmp_path / "new.db", BASE):
            assert device.delivered()
    assert numbers(tmp_path / "new.db") == list(range(301, 601))


def test_forget_on_puback_waits_for_a_subscriber(broker: Broker, tmp_path: Path) -> None:
    with Device(broker.port, tmp_path, Forget.PUBACK) as device:
        device.put(1, 50)
        assert wait_until(lambda: device.sender.stats().resent > 0)  # "no matching subscribers" is not delivery
        assert device.outbox.stats().rows == 50
        with Host(broker.port, tmp_path / "h.db", BASE, acknowledge=False) as host:
            host.wait_subscribed()
            assert device.delivered()
            assert wait_until(lambda: host.counts.stored == 50)


def test_kills_of_daemon_and_broker_lose_nothing() -> None:
    killed = faults(kills=2, seed=3, least=501)
    assert killed.accepted > 500
    assert (killed.lost, killed.duplicates) == (0, 0)
    assert killed.resent <= 500


def test_a_hung_broker_is_noticed(broker: Broker) -> None:
    given = MqttSettings(host="127.0.0.1", port=broker.port, device="dev", keepalive_s=5, reconnect_max_s=0.2)
    with MqttLink(given) as link:
        assert link.wait_connected(60)
        broker.freeze()
        assert wait_until(lambda: not link.connected)
        broker.thaw()
        assert link.wait_connected(60)


@pytest.mark.parametrize("keepalive_s", [5, 6, 15, 600])
def test_a_hung_broker_is_noticed_within_twice_the_keep_alive(keepalive_s: int) -> None:
    """By how often paho pings: it gives up at most 1.5 s after twice the time that it tells the broker."""
    told: list[int] = []

    def serve(line: Line) -> None:
        connect = packet(line)
        begin = connect.index(b"MQTT") + 6  # after the level and the flags
        told.append(int.from_bytes(connect[begin : begin + 2], "big"))

    with RawServer(serve) as server:
        given = MqttSettings(host="127.0.0.1", port=server.port, device="dev", keepalive_s=keepalive_s)
        with MqttLink(given):
            assert wait_until(lambda: bool(told))
    assert 0 < 2 * told[0] + 1.5 <= 2 * keepalive_s


def test_no_will_of_an_older_connection_overrides_a_newer_birth(broker: Broker) -> None:
    """Whatever the rhythm in which others take its place and leave it, the broker keeps `online` in the end."""
    chance = random.Random(11)
    given = MqttSettings(host="127.0.0.1", port=broker.port, device="dev", reconnect_max_s=0.05)
    with Listener(broker.port, "dev") as listener, MqttLink(given) as link:
        for _ in range(60):
            assert wait_until(lambda: link.connected)
            for _ in range(chance.randrange(1, 4)):
                time.sleep(chance.choice([0, 0.002, 0.02]))
                usurper(broker.port, given.name, clean=chance.random() < 0.5)
            assert wait_until(lambda: link.connected and newest(listener) == b"online")
        assert len({heard.payload for heard in listener.heard("available")}) == 2  # the will was told, and taken back


def usurper(port: int, name: str, *, clean: bool) -> None:
    """Takes the daemon's place at the broker for a moment, which makes the broker publish the daemon's last will."""
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name.encode()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(bytes([0x10, len(body)]) + body)
        line.recv(4)
        if clean:
            line.sendall(b"\xe0\x00")


def newest(listener: Listener) -> bytes:
    """What the broker keeps; empty where it has told nothing yet."""
    return ([b""] + [heard.payload for heard in listener.heard("available")])[-1]
