"""What is said of a device that is not well: made-up boards as files, real brokers and cameras."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console

from edge.cameras.settings import FileSettings, NetworkSettings, StreetSettings
from edge.doctor import examine as examining
from edge.doctor.accelerator import accelerator
from edge.doctor.broker import broker
from edge.doctor.cameras import camera
from edge.doctor.examine import examine, show
from edge.doctor.findings import Finding, Level, ok
from edge.doctor.machine import clock, disk, heat_and_power, memory
from edge.doctor.models import library
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from tests.paths import data
from tests.rigs.broker import Broker
from tests.rigs.cameras import RtspServer, write_clip
from tests.rigs.clips import walker


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def one(found: Iterable[Finding]) -> Finding:
    (finding,) = found
    assert finding.level is Level.OK or finding.todo
    return finding


@pytest.mark.parametrize(("now_s", "level"), [(0, Level.PROBLEM), (1.7e9, Level.PROBLEM), (1.8e9, Level.OK)])
def test_a_clock_that_cannot_be_right(tmp_path: Path, now_s: float, level: Level) -> None:
    assert one(clock(tmp_path, now_s)).level is level


def test_a_clock_that_nobody_keeps_right(tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert one(clock(tmp_path, 1.8e9)).level is Level.WARNING
    write(tmp_path, run__systemd__timesync__synchronized="")
    assert one(clock(tmp_path, 1.8e9)).level is Level.OK


@pytest.mark.parametrize(("kb", "level"), [(50_000, Level.WARNING), (500_000, Level.OK)])
def test_memory(tmp_path: Path, kb: int, level: Level) -> None:
    write(tmp_path, proc__meminfo=f"MemTotal: 1000000 kB\nMemAvailable: {kb} kB\n")
    assert one(memory(tmp_path)).level is level


def test_disk(tmp_path: Path) -> None:
    assert one(disk(tmp_path / "not" / "yet")).level is Level.OK
    assert one(disk(Path("/proc/nothing"))).level is not Level.OK


@pytest.mark.parametrize(
    ("files", "levels"),
    [
        ({}, [Level.OK]),
        ({"sys__class__thermal__thermal_zone0__temp": "45000"}, [Level.OK]),
        ({"sys__class__thermal__thermal_zone0__temp": "79000"}, [Level.WARNING]),
        ({"sys__class__thermal__thermal_zone0__temp": "90000"}, [Level.PROBLEM]),
        ({"sys__devices__platform__soc__soc:firmware__get_throttled": "50005"}, [Level.OK, Level.PROBLEM]),
        ({"sys__devices__platform__soc__soc:firmware__get_throttled": "4"}, [Level.OK, Level.WARNING]),
        ({"sys__devices__platform__soc__soc:firmware__get_throttled": "0"}, [Level.OK]),
    ],
)
def test_heat_and_power(tmp_path: Path, files: dict[str, str], levels: list[Level]) -> None:
    assert [finding.level for finding in heat_and_power(write(tmp_path, **files))] == levels


def coral(root: Path, speed: str = "5000", node: bool = True) -> Path:
    device = {"idVendor": "18d1", "idProduct": "9302", "busnum": "2", "devnum": "3", "speed": speed}
    write(root, **{f"sys__bus__usb__devices__2-1__{key}": value for key, value in device.items()})
    return write(root, dev__bus__usb__002__003="") if node else root


@pytest.mark.parametrize(
    ("speed", "node", "told"),
    [("5000", True, "Coral USB"), ("480", True, "USB 2 port"), ("5000", False, "may not be opened")],
)
def test_a_coral_on_usb(tmp_path: Path, speed: str, node: bool, told: str) -> None:
    found = list(accelerator(coral(tmp_path, speed, node), wanted=True))
    assert any(told in finding.what for finding in found)
    assert (found[-1].level is Level.OK) is (told == "Coral USB")


def test_no_coral(tmp_path: Path) -> None:
    assert one(accelerator(tmp_path, wanted=False)).level is Level.OK
    assert next(iter(accelerator(tmp_path, wanted=True))).level is Level.PROBLEM


def test_the_runtime_and_the_trap_of_an_unreadable_processor(tmp_path: Path) -> None:
    assert [finding.level for finding in library(write(tmp_path, proc__cpuinfo="x"))] == [Level.OK]
    assert [finding.level for finding in library(tmp_path / "else")] == [Level.OK, Level.PROBLEM]


def test_brokers() -> None:
    with Broker() as running:
        here = MqttSettings(host="127.0.0.1", port=running.port, device="dev")
        with MqttLink(here) as link:
            assert link.wait_connected(10)
            assert one(broker(here)).level is Level.OK
            assert link.session == 1  # a running daemon keeps its place
    gone = one(broker(here))
    assert (gone.level, "cannot be reached" in gone.what) == (Level.PROBLEM, True)


def test_cameras(tmp_path: Path) -> None:
    walker(tmp_path / "w.mp4")
    assert one(camera("clip", FileSettings(path=tmp_path / "w.mp4"))).level is Level.OK
    assert one(camera("street", StreetSettings())).level is Level.OK
    assert one(camera("none", FileSettings(path=tmp_path / "no.mp4"))).level is Level.PROBLEM
    with RtspServer(tmp_path) as server:
        found = one(camera("yard", NetworkSettings(url=server.url)))
        assert (found.level, "a second" in found.what) == (Level.OK, True)


CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, username: u, password: hush-hush}}
model: {model}
cameras:
  yard: {{source: {clip}}}
  gone: {{source: "rtsp://u:hush-hush@127.0.0.1:1/x"}}
"""


def test_a_whole_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path / "clip.mp4")
    config = tmp_path / "f.yaml"
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    with Broker() as running:
        text = CONFIG.format(folder=tmp_path, port=running.port, model=model, clip=tmp_path / "clip.mp4")
        config.write_text(text)
        assert show(config, as_json=True, console=Console(quiet=True)) == Level.PROBLEM
    printed = capsys.readouterr().out
    found = {told["subject"]: told["level"] for told in json.loads(printed)}
    assert (found["model model"], found["broker"], found["camera yard"]) == ("ok", "ok", "ok")
    assert (found["configuration"], found["camera gone"]) == ("ok", "problem")
    assert "hush" not in printed


def test_a_configuration_with_mistakes_is_told_and_the_machine_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("cameras: 3\n")
    found = examine(tmp_path / "f.yaml")
    assert found[0].level is Level.PROBLEM
    assert {finding.subject for finding in found} >= {"configuration", "clock", "runtime"}


def test_checks_that_hang_or_fail_do_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(examining, "LIMIT_S", 0.2)

    def hang() -> list[Finding]:
        release.wait(10)
        return []

    def fail() -> list[Finding]:
        raise ZeroDivisionError

    found = examining._run([("slow", hang), ("bad", fail), ("good", lambda: [ok("good", "well")])])
    release.set()
    assert [(finding.subject, finding.level) for finding in found] == [
        ("slow", Level.PROBLEM),
        ("bad", Level.PROBLEM),
        ("good", Level.OK),
    ]
