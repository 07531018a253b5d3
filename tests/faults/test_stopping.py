"""SIGTERM ends the daemon within five seconds and in order, whatever hangs at that moment."""

import json
import time
from pathlib import Path

import psutil
import pytest

from tests.paths import data
from tests.rigs.broker import Broker
from tests.rigs.cameras import RtspServer
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Listener

STOP_S = 5.0
HANG_S = 300  # after which the daemon itself would leave what hangs: it may not wait for that


def configured(folder: Path, port: int, url: str) -> Daemon:
    config = {
        "device": {"state_dir": str(folder / "state")},
        "mqtt": {"host": "127.0.0.1", "port": port, "device": "dev", "keepalive_s": HANG_S},
        "cameras": {"yard": {"source": url, "health": {"stalled_s": HANG_S}}},
    }
    path = folder / "foresight.yaml"
    path.write_text(json.dumps(config))  # which is YAML too
    return Daemon(path)


@pytest.mark.parametrize("hangs", ["nothing", "camera", "broker", "both"])
def test_it_stops_in_time(tmp_path: Path, hangs: str) -> None:
    with RtspServer(tmp_path, ball=True) as server, Broker() as broker, Listener(broker.port, "dev") as listener:
        with configured(tmp_path, broker.port, server.url) as daemon:
            begun_s = listener.wait_for(lambda heard: heard.topic == "yard/tracks").at_s
            if hangs in {"camera", "both"}:
                server.hang()
            if hangs in {"broker", "both"}:
                broker.freeze()
            code, seconds = daemon.stop()
            broker.thaw()
            assert (code, seconds < STOP_S + daemon.allowance_s(begun_s)) == (0, True), daemon.log
        if hangs in {"nothing", "camera"}:
            assert wait_until(lambda: listener.heard("available")[-1].payload == b"stopped")
            assert listener.heard("yard/status")[-1].payload == b"offline"


def test_it_stops_in_time_while_nothing_has_ever_been_there(tmp_path: Path) -> None:
    with Broker(started=False) as broker, configured(tmp_path, broker.port, "rtsp://127.0.0.1:1/none") as daemon:
        assert wait_until(lambda: "cannot be reached" in daemon.log and "camera yard" in daemon.log)
        begun_s = time.monotonic()
        code, seconds = daemon.stop()
        assert (code, seconds < STOP_S + daemon.allowance_s(begun_s)) == (0, True), daemon.log


def trials(daemon: Daemon) -> list[psutil.Process]:
    """The processes in which a model is tried."""
    children = psutil.Process(daemon.process.pid).children()
    return [child for child in children if "edge.runtime.canary_child" in child.cmdline()]


# Python imports it at its start: a trial gets no further, as with a model that hangs.
HANGS = """
import pathlib, signal, sys
if "edge.runtime.canary_child" in sys.orig_argv:
    pathlib.Path({told!r}).touch()
    signal.pause()
"""


def test_it_stops_in_time_while_a_model_hangs_in_its_trial(tmp_path: Path) -> None:
    config = {
        "device": {"state_dir": str(tmp_path / "state")},
        "runtime": {"trial_deadline_s": HANG_S},
        "model": str(data("models", "ssd_mobilenet_v1_coco_quant.tflite")),
        "cameras": {"yard": {"source": "street"}},
    }
    path = tmp_path / "foresight.yaml"
    path.write_text(json.dumps(config))  # which is YAML too
    hanging = tmp_path / "hanging"
    (tmp_path / "sitecustomize.py").write_text(HANGS.format(told=str(hanging)))
    with Daemon(path, {"PYTHONPATH": str(tmp_path)}) as daemon:
        assert wait_until(hanging.exists)
        begun_s = time.monotonic()
        (trial,) = trials(daemon)
        code, seconds = daemon.stop()
        assert (code, seconds < STOP_S + daemon.allowance_s(begun_s)) == (0, True), daemon.log
        assert wait_until(lambda: not trial.is_running() or trial.status() == psutil.STATUS_ZOMBIE)
