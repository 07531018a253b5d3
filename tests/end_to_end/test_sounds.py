"""A real daemon with a microphone and a sensor that are classified, a real broker: classes and events out."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.edge.test_hearing import BANDS, SERIES, SOUND, clip
from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon, foresight
from tests.rigs.listener import Heard, Listener
from tests.rigs.window_model import window_model
from tests.rigs.wire_check import check_all

CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
sounds:
  mic:
    source: {{path: {folder}/a.wav, loop: true}}
    classifier: {{path: {folder}/sound.tflite, refractory_s: 0}}
sensors:
  wrist:
    source: {{path: {folder}/wrist.csv, loop: true, speed: 3}}
    channels: {{x: x, y: y}}
    classifier: {folder}/series.tflite
"""


def files(folder: Path) -> None:
    clip(folder / "a.wav")
    window_model(folder / "sound.tflite", SOUND, BANDS)
    window_model(folder / "series.tflite", SERIES, ("left", "right"))
    rows = [f"{row / 2:.1f},{int(row < 20)},{int(row >= 20)}" for row in range(40)]
    (folder / "wrist.csv").write_text("\n".join(["time,x,y", *rows]) + "\n")


def recognised(sensor: str, label: str) -> Callable[[Heard], bool]:
    def wanted(heard: Heard) -> bool:
        told = heard.json if heard.topic == "events" else {}
        return (told.get("kind"), told.get("sensor"), told.get("class")) == ("recognised", sensor, label)

    return wanted


def test_what_is_heard_and_moved_is_told(tmp_path: Path) -> None:
    files(tmp_path)
    with Broker() as broker, Listener(broker.port, "dev", everything=True) as listener:
        path = tmp_path / "foresight.yaml"
        path.write_text(CONFIG.format(folder=tmp_path, port=broker.port))
        with Daemon(path) as daemon:
            for sensor, label in (("mic", "b2"), ("mic", "b5"), ("wrist", "left"), ("wrist", "right")):
                listener.wait_for(recognised(sensor, label), 180.0)
            config = listener.wait_for(lambda heard: heard.topic == "homeassistant/device/dev/foresight_dev_mic/config")
            options = config.json["components"]["foresight_dev_mic_class"]["options"]
            assert options == [*BANDS, "unknown"]
            code, _ = daemon.stop()
            assert (code, "Traceback" in daemon.log) == (0, False), daemon.log
        for sensor in ("mic", "wrist"):
            check_all("class", [heard.json for heard in listener.heard(f"sensor/{sensor}/class")])
        told = [heard.json for heard in listener.heard("events")]
        check_all("recognised", [one for one in told if one["kind"] == "recognised"])


def test_replay_of_a_wav_file(tmp_path: Path) -> None:
    files(tmp_path)
    out = tmp_path / "out"
    done = foresight(tmp_path, "replay", tmp_path / "a.wav", "--classifier", tmp_path / "sound.tflite", "--out", out)
    assert (done.returncode, "2 recognised" in done.stdout) == (0, True), done.stderr
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert [one["class"] for one in events] == ["b2", "b5"]
    bad = foresight(tmp_path, "replay", tmp_path / "a.wav", "--out", out)
    assert (bad.returncode, "--classifier" in bad.stderr) == (2, True)
