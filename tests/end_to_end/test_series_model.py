"""Models of windows in the daemon: readings in over a real broker; forecasts, anomalies and groups out."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from paho.mqtt import publish

from tests.edge.test_hearing import SERIES
from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.listener import Heard, Listener
from tests.rigs.series_daemon import publish_all, told_of
from tests.rigs.series_model import recurring_window, write_series_model
from tests.rigs.window_model import window_model

GROUPED = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
groups: {{warm_up: 6, min_members: 2}}
sensors:
  wrist:
    source: {{topic: shed/wrist, time: $.t}}
    channels: {{x: $.x, y: $.y}}
    embedder: {{path: {folder}/e.tflite, every_s: 0.5}}
"""
PERIOD, STEP_S, HORIZONS = 24, 1.0, 8


def test_a_series_model_forecasts_what_recurs_and_serves(tmp_path: Path) -> None:
    window = recurring_window(("level",), PERIOD, STEP_S, HORIZONS, 20.0, 3.0)
    model = write_series_model(tmp_path / "tank.tflite", window)
    values = [20 + 3 * math.sin(math.tau * k / PERIOD) + (k % PERIOD in (5, 6)) for k in range(400)]
    told = told_of(tmp_path, model, values, STEP_S)
    at, last = told.forecasts[-1]
    assert at > 300
    assert last["horizon_s"] == [1.0, 4.0, 12.0]
    assert last["values"][0][0] == pytest.approx(values[at + 1 - PERIOD], abs=0.5)
    assert last["values"][1][0] == pytest.approx(values[at + 4 - PERIOD], abs=0.5)
    assert len(told.anomalies) >= len(told.forecasts)
    assert all(0 <= one["anomaly"] <= 1 for one in told.anomalies)
    (_, serving), plain, learnt = told.state["score"][0], told.state["score"][3], told.state["score"][4]
    assert (serving, learnt[1] < 0.5 * plain[1]) == (1.0, True)
    assert np.isfinite(np.array(last["sigma"])).all()


def test_groups_of_windows_are_told_and_named_over_the_broker_and_outlive_a_restart(tmp_path: Path) -> None:
    window_model(tmp_path / "e.tflite", SERIES, ("left", "right"))
    path, now_s = tmp_path / "foresight.yaml", time.time()
    rows = [{"t": now_s + (k - 399) / 2, "x": 0.1 + (k // 20 % 2), "y": 1.1 - (k // 20 % 2)} for k in range(400)]

    def state(number: int, name: bytes) -> Callable[[Heard], bool]:
        return lambda heard: (heard.topic, heard.payload) == (f"wrist/{number}/state", name)

    with Broker() as broker, Listener(broker.port, "dev") as listener:
        path.write_text(GROUPED.format(folder=tmp_path, port=broker.port))
        with Daemon(path) as daemon:
            publish_all(listener, broker.port, "wrist", rows)
            listener.wait_for(lambda heard: (heard.topic, heard.payload) == ("sensor/wrist/group", b"group 2"), 60.0)
            listener.wait_for(state(1, b"group 1"), 60.0)
            publish.single("foresight/dev/wrist/1/set", b"resting", qos=1, hostname="127.0.0.1", port=broker.port)
            listener.wait_for(state(1, b"resting"), 60.0)
            assert daemon.stop()[0] == 0
            begun_s = time.monotonic()
            daemon.start()
            listener.wait_for(state(1, b"resting"), 60.0, begun_s)
            assert daemon.stop()[0] == 0
            assert "Traceback" not in daemon.log
