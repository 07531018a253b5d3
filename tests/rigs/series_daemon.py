"""A real daemon with a sensor that has a series model, a real broker, and readings that were stored for a while."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Listener
from tests.rigs.wire_check import check_all

CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
sensors:
  tank:
    source: {{topic: shed/tank, time: $.t}}
    channels: {{level: $.level}}
    model: {model}
    publish_per_s: 100
    remember_s: 1
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What the daemon has told."""

    forecasts: list[tuple[int, Any]]  # each with the index of the value that was read then; not all are published
    anomalies: list[Any]
    state: Any  # of the sensor, as it is kept on disk
    log: str


def told_of(folder: Path, model: Path, values: Sequence[float], step_s: float) -> Told:
    """What a daemon makes of values, the newest of which is read now, the others so many steps before."""
    path, kept = folder / "foresight.yaml", folder / "state/sensors/tank.json"
    with Broker() as broker, Listener(broker.port, "dev") as listener:
        path.write_text(CONFIG.format(folder=folder, port=broker.port, model=model))
        with Daemon(path) as daemon:
            listener.wait_for(lambda heard: (heard.topic, heard.payload) == ("available", b"online"), 60.0)
            now_s = time.time()
            ages_s = [(len(values) - 1 - k) * step_s for k in range(len(values))]
            messages = [{"t": now_s - age_s, "level": level} for age_s, level in zip(ages_s, values, strict=True)]
            publish_all(listener, broker.port, "tank", messages)
            assert wait_until(lambda: _samples(kept) >= len(values) - 1, 60), daemon.log
            code, _ = daemon.stop()
            assert (code, "Traceback" in daemon.log) == (0, False), daemon.log
        forecasts, anomalies = (
            [heard.json for heard in listener.heard(f"sensor/tank/{thing}")] for thing in ("forecast", "anomaly")
        )
    check_all("series_forecast", forecasts)
    check_all("anomaly", anomalies)
    newest = len(values) - 1
    indexed = [(newest - round((now_s - one["utc_ns"] / 1e9) / step_s), one) for one in forecasts]
    return Told(indexed, anomalies, json.loads(kept.read_text())["value"], daemon.log)


def _samples(kept: Path) -> int:
    return int(json.loads(kept.read_text())["value"]["samples"]) if kept.exists() else 0


def publish_all(listener: Listener, port: int, sensor: str, readings: Sequence[Mapping[str, float]]) -> None:
    """All of them at once, as soon as the first is heard: before the daemon listens, nobody keeps them for it.

    Args:
        listener: to the daemon.
        port: of the broker.
        sensor: its topic is `shed/<sensor>`.
        readings: with their times.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    topic, messages = f"shed/{sensor}", [json.dumps(reading) for reading in readings]

    def heard() -> bool:
        client.publish(topic, messages[0])
        time.sleep(0.3)
        return any(one.payload == b"online" for one in listener.heard(f"sensor/{sensor}/status"))

    assert wait_until(heard, 60)
    for message in messages[1:]:
        sent = client.publish(topic, message)
    sent.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()
