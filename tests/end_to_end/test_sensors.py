"""A real daemon with sensors and no camera, a real broker: numbers in, forecasts and anomalies out, over `kill -9`."""

import json
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Heard, Listener
from tests.rigs.wire_check import check_all

CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
sensors:
  tank:
    source: shed/tank
    channels: {{level: {{at: $.level, unit: m, device_class: distance}}}}
    window: {{step_s: {step_s}, hold_steps: 1000}}
    publish_per_s: 20
    remember_s: 1
"""
PERIOD_S = 0.03


class Tank:
    """Publishes a level again and again until it is told to stop."""

    def __init__(self, port: int) -> None:
        self.extra = 0.0
        self.spoiled = b""
        self._stop = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Tank":
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        dice, k = random.Random(1), 0
        while not self._stop.wait(PERIOD_S):
            k += 1
            level = 2 + 0.2 * math.sin(k / 40) + dice.gauss(0, 0.01) + self.extra
            self._client.publish("shed/tank", self.spoiled or json.dumps({"level": level}))


@contextmanager
def running(folder: Path) -> Iterator[tuple[Tank, Daemon, Listener]]:
    with Broker() as broker, Listener(broker.port, "dev") as listener:
        path = folder / "foresight.yaml"
        path.write_text(CONFIG.format(folder=folder, port=broker.port, step_s=PERIOD_S))
        with Tank(broker.port) as tank, Daemon(path) as daemon:
            listener.wait_for(text("available", "online"))
            yield tank, daemon, listener


def text(topic: str, payload: str) -> Callable[[Heard], bool]:
    return lambda heard: (heard.topic, heard.payload) == (topic, payload.encode())


def about(topic: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == topic


def event(kind: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == "events" and heard.json["kind"] == kind


def samples(folder: Path) -> int:
    """How many the state on disk has learnt from."""
    try:
        return int(json.loads((folder / "state/sensors/tank.json").read_text())["value"]["samples"])
    except FileNotFoundError:
        return 0


def test_forecasts_and_anomalies_are_told_and_what_was_learnt_outlives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as (tank, daemon, listener):
        listener.wait_for(text("sensor/tank/status", "online"))
        listener.wait_for(about("sensor/tank/forecast"))
        assert wait_until(lambda: samples(tmp_path) >= 100), daemon.log
        tank.extra = 30.0
        odd = listener.wait_for(event("anomaly"))
        tank.extra = 0.0
        listener.wait_for(text("sensor/tank/problem", "ON"))
        listener.wait_for(event("normal"), after_s=odd.at_s)
        listener.wait_for(text("sensor/tank/problem", "OFF"), after_s=odd.at_s)
        before = samples(tmp_path)
        daemon.kill()
        begun_s = listener.wait_for(text("available", "offline")).at_s  # the last will: of the killed one no more comes
        daemon.start()
        # What was kept forecasts from its first sample on; what begins anew needs some before it says anything.
        first = listener.wait_for(about("sensor/tank/reading"), after_s=begun_s)
        told = listener.wait_for(about("sensor/tank/forecast"), after_s=begun_s)
        assert told.json["utc_ns"] == first.json["utc_ns"]
        told_of = listener.wait_for(about("stats"), after_s=begun_s).json
        assert told_of["sensors"][0]["samples"] >= before
        code, _ = daemon.stop()
        assert (code, "Traceback" in daemon.log) == (0, False), daemon.log
        assert samples(tmp_path) >= before
        check_all("stats", [told_of])
        for topic, kind in (("reading", "reading"), ("forecast", "series_forecast"), ("anomaly", "anomaly")):
            check_all(kind, [heard.json for heard in listener.heard(f"sensor/tank/{topic}")])
        check_all("sensor_event", [heard.json for heard in listener.heard("events")])


def test_nonsense_is_told_of_and_readings_go_on(tmp_path: Path) -> None:
    with running(tmp_path) as (tank, daemon, listener):
        listener.wait_for(about("sensor/tank/forecast"))
        tank.spoiled = b'{"level": NaN}'
        assert wait_until(lambda: "sensor tank: shed/tank: " in daemon.log), daemon.log
        tank.spoiled = b""
        listener.wait_for(about("sensor/tank/reading"), after_s=time.monotonic())
        assert daemon.stop()[0] == 0
        assert "Traceback" not in daemon.log


def test_a_reload_changes_the_sensors(tmp_path: Path) -> None:
    with running(tmp_path) as (_, daemon, listener):
        listener.wait_for(about("sensor/tank/forecast"))
        path = tmp_path / "foresight.yaml"
        path.write_text(path.read_text().replace("  tank:", "  well:"))
        begun_s = time.monotonic()
        daemon.process.send_signal(1)
        listener.wait_for(text("sensor/well/status", "online"), after_s=begun_s)
        listener.wait_for(text("sensor/tank/status", ""), after_s=begun_s)
        listener.wait_for(about("sensor/well/reading"), after_s=begun_s)
        assert daemon.stop()[0] == 0
        assert "Traceback" not in daemon.log
