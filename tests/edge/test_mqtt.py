"""The link to the broker: a real mosquitto where it behaves, raw bytes where it does not."""

import logging
import random
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr, ValidationError

from edge.contracts.backoff import Backoff
from edge.contracts.bus import Message
from edge.contracts.errors import BrokerError
from edge.mqtt.link import MqttLink
from edge.mqtt.session import tls_context
from edge.mqtt.settings import MqttSettings, TlsSettings
from tests.paths import REPOSITORY
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until
from tests.rigs.ports import closed_port
from tests.rigs.wire import CONNACK_5, CONNACK_311, Line, RawServer, connect_level, packet, publish

AVAILABLE = "foresight/dev/available"


SUBSCRIBE, PINGREQ, PINGRESP = 0x82, 0xC0, b"\xd0\x00"


def settings(port: int, **changes: object) -> MqttSettings:
    return MqttSettings.model_validate(
        {"host": "127.0.0.1", "port": port, "device": "dev", "reconnect_max_s": 0.2, **changes}
    )


class Watcher:
    """Another client of the broker; keeps the newest payload of each topic."""

    def __init__(self, port: int) -> None:
        self.newest: dict[str, bytes] = {}
        self.count = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> "Watcher":
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe("#", 1)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.count += 1
        self.newest[message.topic] = bytes(message.payload)

    def sees(self, topic: str, payload: bytes) -> bool:
        return wait_until(lambda: self.newest.get(topic) == payload)


def test_online_then_stopped() -> None:
    with Broker() as broker, Watcher(broker.port) as watcher:
        with MqttLink(settings(broker.port)) as link:
            assert watcher.sees(AVAILABLE, b"online")
            assert wait_until(lambda: link.stats() == (True, 1, 1, 0, True, "5"))
        assert watcher.sees(AVAILABLE, b"stopped")


def test_will_tells_a_death(tmp_path: Path) -> None:
    with Broker() as broker, Watcher(broker.port) as watcher:
        command = [sys.executable, "-m", "tests.rigs.device", str(broker.port), str(tmp_path), "dev", "0", "10"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=REPOSITORY) as device:
            assert watcher.sees(AVAILABLE, b"online")
            device.kill()
            assert watcher.sees(AVAILABLE, b"offline")


def test_birth_overrides_the_will_of_an_older_connection() -> None:
    with Broker() as broker, Watcher(broker.port) as watcher, MqttLink(settings(broker.port)) as link:
        assert watcher.sees(AVAILABLE, b"online")
        with paho_of_the_same_name(broker.port):  # the broker cuts our connection and publishes our will
            assert wait_until(lambda: link.session != 1)
        assert wait_until(lambda: link.session >= 2)
        assert watcher.sees(AVAILABLE, b"online")


def paho_of_the_same_name(port: int) -> Watcher:
    other = Watcher(port)
    other._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="foresight-dev", reconnect_on_failure=False)
    other._client.connect("127.0.0.1", port)
    return other


def test_late_will_is_corrected() -> None:
    with Broker() as broker, Watcher(broker.port) as watcher, MqttLink(settings(broker.port)):
        assert watcher.sees(AVAILABLE, b"online")
        seen = watcher.count
        watcher._client.publish(AVAILABLE, b"offline", qos=1, retain=True)
        assert wait_until(lambda: watcher.count >= seen + 2)
        assert watcher.sees(AVAILABLE, b"online")


def test_broker_absent_at_start(caplog: pytest.LogCaptureFixture) -> None:
    with Broker(started=False) as broker, MqttLink(settings(broker.port, username="u", password="hush-hush")) as link:
        for number in range(5):
            link.publish("t", b"%d" % number)
        link.publish("state", b"1", retain=True)
        assert wait_until(lambda: "cannot be reached" in caplog.text)
        assert link.stats() == (False, 0, 0, 5, True, "5")
        broker.start()
        assert link.wait_connected(60)
        with Watcher(broker.port) as watcher:
            assert watcher.sees("state", b"1")
            assert watcher.sees(AVAILABLE, b"online")
    assert len([record for record in caplog.records if "cannot be reached" in record.message]) == 1
    assert "hush-hush" not in caplog.text


def test_retained_state_and_subscriptions_survive_a_broker_that_forgets() -> None:
    seen: list[Message] = []
    sessions: list[int] = []
    with Broker() as broker, ExitStack() as stack:
        link = MqttLink(settings(broker.port))
        link.subscribe("cmd/+", seen.append)
        link.on_change(lambda: sessions.append(link.session))
        stack.enter_context(link)
        assert link.wait_connected(60)
        link.publish("state", b"7", retain=True)
        broker.restart()
        assert wait_until(lambda: link.session == 2)
        with Watcher(broker.port) as watcher:
            assert watcher.sees("state", b"7")
            watcher._client.publish("cmd/a", b"x")
            assert wait_until(lambda: seen == [Message("cmd/a", b"x", retained=False)])
    assert sessions[:3] == [1, 0, 2]


def test_bad_credentials_are_said_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Broker(anonymous=False) as broker:
        chosen = settings(broker.port, username="someone", password="hush-hush")
        with MqttLink(chosen) as link:
            assert wait_until(lambda: "Not authorized" in caplog.text)
            assert not link.connected
    assert "hush-hush" not in caplog.text + repr(chosen)


@pytest.mark.parametrize("refusal", [b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00", b""])
def test_falls_back_to_3_1_1(refusal: bytes) -> None:
    levels = []

    def serve(line: Line) -> None:
        levels.append(connect_level(packet(line)))
        if levels[-1] == 5:
            line.sendall(refusal)
            return
        line.sendall(CONNACK_311)
        while packet(line):
            pass

    with RawServer(serve) as server, MqttLink(settings(server.port)) as link:
        assert link.wait_connected(60)
        assert link.stats().protocol == "3.1.1"
    assert levels[0] == 5
    assert levels[-1] == 4


def hostile(chance: random.Random) -> bytes:
    """A packet that no broker should send."""
    topics = [b"\xff\xfe", b"\xc3\x28", b"a\x00b", b"", b"foresight/dev/\xed\xa0\x80", b"+/#"]
    length = chance.randrange(1, 40)
    return chance.choice(
        [
            publish(chance.choice(topics), chance.randbytes(5)),
            publish(b"cmd", chance.randbytes(20)),
            bytes([chance.randrange(16, 256), length]) + chance.randbytes(length),
            bytes([chance.randrange(256), 0]),
        ]
    )


def test_hostile_packets_kill_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(4)
    connections = []

    def serve(line: Line) -> None:
        connections.append(packet(line))
        v5 = connect_level(connections[-1]) == 5
        line.sendall(CONNACK_5 if v5 else CONNACK_311)
        if len(connections) <= 60:
            line.sendall(b"".join(hostile(chance) for _ in range(chance.randrange(1, 8))))
            line.sendall(publish(b"after", b"", v5))
            line.settimeout(0.05)
        else:
            line.sendall(publish(b"cmd", b"still here", v5))
        while packet(line):
            pass

    seen, here = [], threading.Event()

    def command(message: Message) -> None:
        seen.append(message)
        if message.payload == b"still here":
            here.set()
        raise ValueError("a handler that fails")

    with RawServer(serve) as server, MqttLink(settings(server.port, reconnect_max_s=0.01)) as link:
        link.subscribe("cmd", command)
        assert here.wait(120)
        assert link.stats().alive
        assert wait_until(lambda: link.connected)
    assert len(connections) == 61


def test_invalid_topic_is_passed_over_and_the_connection_kept() -> None:
    seen: list[Message] = []

    def serve(line: Line) -> None:
        packet(line)
        line.sendall(CONNACK_5)
        while heard := packet(line):
            if heard[0] == PINGREQ:
                line.sendall(PINGRESP)
            elif heard[0] == SUBSCRIBE and b"cmd" in heard:  # what comes before it has no handler yet
                line.sendall(publish(b"\xff\xfe", b"x") + publish(b"cmd", b"y"))

    with RawServer(serve) as server, MqttLink(settings(server.port)) as link:
        link.subscribe("cmd", seen.append)
        assert wait_until(lambda: seen == [Message("cmd", b"y", retained=False)])
        assert link.session == 1


def test_broker_that_stops_reading_costs_no_memory() -> None:
    release = threading.Event()

    def serve(line: Line) -> None:
        packet(line)
        line.sendall(CONNACK_5)
        release.wait(120)

    with RawServer(serve) as server, MqttLink(settings(server.port)) as link:
        assert link.wait_connected(60)
        for _ in range(20_000):
            link.publish("t", b"x" * 1500)
        assert link.stats().dropped > 10_000
        release.set()


def test_send_without_a_connection_is_not_taken() -> None:
    with closed_port() as port, MqttLink(settings(port)) as link:
        assert not link.send("t", b"", print)


def test_send_to_nobody_is_not_confirmed() -> None:
    taken: list[bool] = []
    with Broker() as broker, MqttLink(settings(broker.port)) as link:
        assert link.wait_connected(60)
        assert link.send("nobody/there", b"", taken.append)
        assert wait_until(lambda: taken == [False])


def test_backoff_is_jittered_and_bounded() -> None:
    backoff = Backoff(max_s=30.0)
    waits = [backoff.next_s() for _ in range(2000)]
    assert all(0.05 <= wait <= 30.0 for wait in waits)
    assert waits[0] <= 1.0
    assert len({round(wait, 3) for wait in waits[10:]}) > 1000
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_settings_default_and_refuse() -> None:
    assert MqttSettings(device="dev").base == "foresight/dev"
    assert MqttSettings(device="dev").name == "foresight-dev"
    assert "hush" not in repr(MqttSettings(password=SecretStr("hush")))
    for wrong in ({"device": "a/b"}, {"port": 0}, {"pasword": "x"}, {"host": ""}):
        with pytest.raises(ValidationError):
            MqttSettings.model_validate(wrong)


def test_tls_files_that_cannot_be_read_are_named() -> None:
    with pytest.raises(BrokerError, match="check ca_file"):
        tls_context(TlsSettings.model_validate({"ca_file": "/nowhere/ca.pem"}))
