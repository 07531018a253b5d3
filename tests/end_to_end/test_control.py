"""The running daemon is told things over MQTT and by signals: switches, snapshots, another configuration."""

import itertools
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from paho.mqtt import publish

from tests.rigs.broker import Broker
from tests.rigs.clips import walker
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Heard, Listener
from tests.rigs.trajectories import write_rearranger
from tests.rigs.wire_check import check_all

CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
snapshots: {{enabled: true, events: false}}
cameras:
  yard:
    source: {{path: {clip}, loop: true}}
    zones:
      - name: {zone}
        points: [[0.3, 0.1], [0.7, 0.1], [0.7, 1], [0.3, 1]]
"""


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def write(folder: Path, port: int, zone: str) -> Path:
    path = folder / "foresight.yaml"
    clip = folder / "walker.mp4"
    if not clip.exists():
        walker(clip)
    path.write_text(CONFIG.format(folder=folder, port=port, clip=clip, zone=zone))
    return path


def said(topic: str, payload: bytes) -> Callable[[Heard], bool]:
    return lambda heard: (heard.topic, heard.payload) == (topic, payload)


def about(topic: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == topic and bool(heard.payload)


def test_a_switched_off_camera_gives_no_pictures_until_it_is_switched_on(tmp_path: Path, broker: Broker) -> None:
    path = write(tmp_path, broker.port, "middle")
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        listener.wait_for(about("yard/tracks"))
        send(broker, "yard/enabled/set", b"OFF")
        listener.wait_for(said("yard/enabled/state", b"OFF"))
        off = listener.wait_for(said("yard/status", b"offline"))
        daemon.stop()
        daemon.start()  # it stays off over a restart
        again = listener.wait_for(said("yard/enabled/state", b"OFF"), after_s=daemon.started_s)
        send(broker, "yard/enabled/set", b"ON")
        on = listener.wait_for(said("yard/status", b"online"), after_s=again.at_s)
        assert not [heard for heard in listener.heard("yard/tracks") if off.at_s < heard.at_s < on.at_s]
        assert daemon.stop()[0] == 0


def test_a_picture_on_demand(tmp_path: Path, broker: Broker) -> None:
    with Listener(broker.port, "dev") as listener, Daemon(write(tmp_path, broker.port, "middle")) as daemon:
        listener.wait_for(about("yard/tracks"))
        assert listener.heard("yard/snapshot") == []
        send(broker, "yard/snapshot/set", b"PRESS")
        picture = listener.wait_for(about("yard/snapshot")).payload
        shown = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None
        assert shown.shape[2] == 3
        assert daemon.stop()[0] == 0


def test_forecasts_are_scored_and_the_scores_outlive_a_restart(tmp_path: Path, broker: Broker) -> None:
    path = write(tmp_path, broker.port, "middle")
    path.write_text(f"forecast: {{model: {write_rearranger(tmp_path / 'mine.tflite')}}}\n{path.read_text()}")
    kept = tmp_path / "state" / "forecast.json"
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        first = json.loads(listener.wait_for(about("yard/forecast/state")).payload)
        assert (first["model"], first["serving"], first["straight"]["ade"]) == ("rearranger", "straight", None)
        assert wait_until(lambda: sum(in_sight_s(listener)) >= 4, 120)  # much longer than the first horizons
        assert daemon.stop()[0] == 0
        assert json.loads(kept.read_text())["value"]["yard"]["sha256"] == first["sha256"]
        daemon.start()
        again = json.loads(listener.wait_for(about("yard/forecast/state"), after_s=daemon.started_s).payload)
        check_all("forecast_state", [first, again])
        assert again["straight"]["ade"] > 0
        assert daemon.stop()[0] == 0


def test_home_assistant_finds_it_and_its_birth_is_answered(tmp_path: Path, broker: Broker) -> None:
    config = "homeassistant/device/dev/foresight_dev_yard/config"
    with Listener(broker.port, "dev", everything=True) as listener, Daemon(write(tmp_path, broker.port, "middle")):
        found = listener.wait_for(about(config))
        assert "foresight_dev_yard_middle_all_presence" in found.json["components"]
        listener.wait_for(lambda heard: about(config)(heard) and b"middle_moving_count" in heard.payload)
        assert not said_twice(listener, config)  # of itself it says only what is new
        publish.single("homeassistant/status", b"online", qos=1, hostname="127.0.0.1", port=broker.port)
        assert wait_until(lambda: said_twice(listener, config))


def in_sight_s(listener: Listener) -> list[float]:
    """For how long each track that was in sight for a second has been."""
    seen: dict[int, list[int]] = {}
    for message in (heard.json for heard in listener.heard("yard/tracks")):
        for one in message["tracks"]:
            seen.setdefault(one["id"], []).append(message["utc_ns"])
    spans_s = [(max(times) - min(times)) / 1e9 for times in seen.values()]
    return [span_s for span_s in spans_s if span_s >= 1]


def said_twice(listener: Listener, topic: str) -> bool:
    """Whether the same was said twice on end."""
    return any(one.payload == other.payload for one, other in itertools.pairwise(listener.heard(topic)))


def by_signal(daemon: Daemon, broker: Broker) -> None:
    del broker
    daemon.process.send_signal(signal.SIGHUP)


def by_topic(daemon: Daemon, broker: Broker) -> None:
    del daemon
    send(broker, "device/reload/set", b"PRESS")


@pytest.mark.parametrize("ask", [by_signal, by_topic])
def test_another_configuration_is_taken_up_and_a_bad_one_is_not(
    tmp_path: Path, broker: Broker, ask: Callable[[Daemon, Broker], None]
) -> None:
    path = write(tmp_path, broker.port, "middle")
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        online = listener.wait_for(said("available", b"online"))
        listener.wait_for(about("zone/middle/all"))
        good = path.read_text()
        path.write_text(good.replace("loop: true", "lop: true"))
        ask(daemon, broker)
        refused = listener.wait_for(lambda heard: heard.topic == "device/reload/state" and b"lop" in heard.payload)
        assert refused.payload.startswith(b"refused: ")
        listener.wait_for(about("yard/tracks"), after_s=refused.at_s)  # it goes on
        assert daemon.process.poll() is None
        write(tmp_path, broker.port, "entrance")
        ask(daemon, broker)
        listener.wait_for(about("zone/entrance/all"))
        listener.wait_for(said("device/reload/state", b"loaded"), after_s=refused.at_s)
        for zone in ("exit", "entrance", "exit"):  # and again, for as often as one likes
            loaded = listener.heard()[-1]
            write(tmp_path, broker.port, zone)
            ask(daemon, broker)
            listener.wait_for(said("device/reload/state", b"loaded"), after_s=loaded.at_s + 1e-6)
            listener.wait_for(about(f"zone/{zone}/all"), after_s=loaded.at_s + 1e-6)
            listener.wait_for(about("yard/tracks"), after_s=loaded.at_s + 1e-6)
        assert [heard.payload for heard in listener.heard("available")] == [b"online"]  # the connection stays
        code, seconds = daemon.stop()
        assert (code, seconds < 5 + daemon.allowance_s(online.at_s)) == (0, True), daemon.log


def send(broker: Broker, topic: str, payload: bytes) -> None:
    publish.single(f"foresight/dev/{topic}", payload, qos=1, hostname="127.0.0.1", port=broker.port)
