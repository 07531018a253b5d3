"""A real daemon with a sensor whose model learns, and readings that were stored for hours, sent as fast as they go."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.contracts.windows import Scaling, SeriesWindow
from tests.patience import patient
from tests.rigs.learning_model import learning_autoencoder, learning_series
from tests.rigs.listener import Heard, Listener

WINDOW = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (3.0,), (1, 2, 4))
PERIOD, WAVE, RATTLE, PAUSE_S = 24, 100, 20, 0.1
LIMIT_S = 30.0
CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
learning: {{enabled: true, cpu_percent: {percent}, epochs: {epochs}, rate: 0.05, pause_c: 110, pause_free_mb: 0}}
sensors:
  tank:
    source: {{topic: shed/tank, time: $.t}}
    channels: {{level: $.level}}
    window: {{queue: 2000}}
    model: {folder}/tank.tflite
    publish_per_s: 100
"""
SCORER = """\
    scorer: {folder}/scorer.tflite
    embedder: {folder}/scorer.tflite
    alarm: {{threshold: 0.4}}
"""
LIMIT = 1.2  # of the scorer: a wave has an error of about a half to it at first


def configured(folder: Path, port: int, *, percent: float = 100.0, epochs: int = 6, scorer: bool = False) -> Path:
    """The configuration, and the models that it names; with a `scorer`, that describes windows as well."""
    if not (folder / "tank.tflite").exists():
        learning_series(folder / "tank.tflite", WINDOW)
        learning_autoencoder(folder / "scorer.tflite", replace(WINDOW, horizons=()), LIMIT)
    path, more = folder / "foresight.yaml", SCORER.format(folder=folder) if scorer else ""
    path.write_text(CONFIG.format(folder=folder, port=port, percent=percent, epochs=epochs) + more)
    return path


class Gauge:
    """Publishes a level that goes up and down. Use `close` at the end."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._begin_s, self._sent = time.time() - 50_000, 0

    def close(self) -> None:
        """Let go of the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def wave(self) -> None:
        """Some more readings, one second apart in their own time."""
        for _ in range(WAVE):
            self._publish(20 + 3 * math.sin(math.tau * self._sent / PERIOD))
        time.sleep(PAUSE_S)

    def rattle(self) -> None:
        """A few readings that no wave has."""
        for _ in range(RATTLE):
            self._publish(20 + 6 * (-1) ** self._sent)

    def waves_until(self, listener: Listener, wanted: Callable[[Any], object], after_s: float = 0.0) -> Heard:
        """Publish until the learner's state is as wanted."""
        deadline_s = time.monotonic() + patient(LIMIT_S)
        while time.monotonic() < deadline_s:
            self.wave()
            for heard in listener.heard("learn/state"):
                if heard.at_s >= after_s and heard.payload and wanted(heard.json):
                    return heard
        raise AssertionError(f"not heard; the last was {listener.heard('learn/state')[-1:]}")

    def _publish(self, level: float) -> None:
        self._client.publish("shed/tank", json.dumps({"t": self._begin_s + self._sent, "level": level}))
        self._sent += 1


def tank(state: Any, name: str = "tank") -> Any:
    """The part of the learner's state that is of the sensor's forecaster, or of its scorer."""
    return next(one for one in state["subjects"] if one["name"] == name)


def learner_of(pid: int) -> psutil.Process:
    """The process that learns, of a daemon."""
    found = [one for one in psutil.Process(pid).children() if "edge.learners.process" in one.cmdline()]
    assert len(found) == 1
    return found[0]
