"""What is said of a device that is not well: made-up boards as files, real brokers and cameras."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console

from edge.cameras.settings import FileSettings, NetworkSettings, StreetSettings
from edge.doctor import broker as talking
from edge.doctor import cameras
from edge.doctor import examine as examining
from edge.doctor.accelerator import LIBRARY, accelerator
from edge.doctor.broker import broker
from edge.doctor.cameras import camera
from edge.doctor.examine import examine, show
from edge.doctor.findings import Finding, Level, ok, trouble
from edge.doctor.machine import clock, disk, heat_and_power, memory
from edge.doctor.models import library, todo_for_library
from edge.doctor.reasons import cleaned, todo_for
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from tests.paths import data
from tests.rigs.broker import Broker
from tests.rigs.cameras import MjpegServer, RtspServer, jpeg, known_picture, write_clip
from tests.rigs.clips import walker


@pytest.fixture(autouse=True)
def watched_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "WATCHED_S", 0.3)
    monkeypatch.setattr(cameras, "FIRST_S", 60.0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for what will come for as long as it takes."""
    monkeypatch.setattr(talking, "ECHO_S", 60.0)
    monkeypatch.setattr(examining, "LIMIT_S", 300.0)


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
    assert one(clock(tmp_path, now_s, synchronised=True)).level is level


def test_a_clock_that_nobody_keeps_right(tmp_path: Path) -> None:
    assert one(clock(tmp_path, 1.8e9, synchronised=False)).level is Level.WARNING
    assert one(clock(tmp_path, 1.8e9, synchronised=True)).level is Level.OK
    write(tmp_path, run__systemd__timesync__synchronized="")
    assert one(clock(tmp_path, 1.8e9, synchronised=False)).level is Level.OK


@pytest.mark.parametrize(("kb", "level"), [(50_000, Level.WARNING), (500_000, Level.OK)])
def test_memory(tmp_path: Path, kb: int, level: Level) -> None:
    write(tmp_path, proc__meminfo=f"MemTotal: 1000000 kB\nMemAvailable: {kb} kB\n")
    assert one(memory(tmp_path)).level is level


def test_disk(tmp_path: Path) -> None:
    assert one(disk(tmp_path, tmp_path / "not" / "yet")).level is Level.OK
    assert not (tmp_path / "not").exists()
    write(tmp_path, file="")
    assert "is no folder" in one(disk(tmp_path, tmp_path / "file")).what
    assert "is no folder" in one(disk(tmp_path, tmp_path / "file" / "below")).what


def test_a_full_file_system() -> None:
    assert "0 MB are free" in one(disk(Path("/nowhere"), Path("/proc/nothing"))).what


@pytest.mark.parametrize(
    ("told", "levels"),
    [
        ("", [Level.OK]),
        ("nonsense", [Level.OK]),
        ("0x01 0x02\n", [Level.OK]),
        ("0x01 0x09\n", [Level.WARNING, Level.OK]),
    ],
)
def test_a_worn_card(tmp_path: Path, told: str, levels: list[Level]) -> None:
    write(tmp_path, sys__block__mmcblk0__device__life_time=told)
    assert [finding.level for finding in disk(tmp_path, tmp_path)] == levels


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
    found = list(accelerator(coral(tmp_path, speed, node), True, LIBRARY))
    assert any(told in finding.what for finding in found)
    assert (found[-1].level is Level.OK) is (told == "Coral USB")


def test_no_coral(tmp_path: Path) -> None:
    assert one(accelerator(tmp_path, False, LIBRARY)).level is Level.OK
    assert next(iter(accelerator(tmp_path, True, LIBRARY))).level is Level.PROBLEM


def test_the_library_of_the_accelerator_is_the_configured_one(tmp_path: Path) -> None:
    coral(tmp_path)
    own = tmp_path / "own.so"
    assert "own.so is not installed" in next(iter(accelerator(tmp_path, True, str(own)))).what
    own.touch()
    assert one(accelerator(tmp_path, True, str(own))).level is Level.OK


@pytest.mark.parametrize(
    ("said", "todo"),
    [
        ("", "pip install"),
        ("libm.so.6: version `GLIBC_2.34' not found", "newer system"),
        ("_ARRAY_API not found", "another NumPy"),
        ("x.so: wrong ELF class: ELFCLASS32", "another machine"),
        ("x.so: undefined symbol: PyFoo", "another Python"),
    ],
)
def test_wrong_wheels(said: str, todo: str) -> None:
    assert todo in todo_for_library(said)


def test_the_runtime_and_the_trap_of_an_unreadable_processor(tmp_path: Path) -> None:
    assert [
        finding.level for finding in library(write(tmp_path, proc__cpuinfo="x", sys__devices__system__cpu__online=""))
    ] == [Level.OK]
    assert [finding.level for finding in library(tmp_path / "else")] == [
        Level.OK,
        Level.PROBLEM,
        Level.PROBLEM,
    ]


@pytest.mark.usefixtures("patient")
def test_brokers() -> None:
    with Broker() as running:
        here = MqttSettings(host="127.0.0.1", port=running.port, device="dev")
        with MqttLink(here) as link:
            assert link.wait_connected(60)
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


def test_a_broker_that_lets_us_in_but_not_speak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acl").write_text("topic readwrite other/#\n")
    with Broker(extra=(f"acl_file {tmp_path / 'acl'}",)) as running:
        told = one(broker(MqttSettings(host="127.0.0.1", port=running.port, device="dev")))
    assert (told.level, "foresight/dev/#" in told.todo) == (Level.WARNING, True)
    monkeypatch.setattr(talking, "ECHO_S", 60.0)
    (tmp_path / "acl").write_text("topic readwrite foresight/dev/#\n")
    with Broker(extra=(f"acl_file {tmp_path / 'acl'}",)) as running:
        assert one(broker(MqttSettings(host="127.0.0.1", port=running.port, device="dev"))).level is Level.OK


def test_a_login_that_is_refused() -> None:
    with Broker(anonymous=False) as running:
        told = one(broker(MqttSettings(host="127.0.0.1", port=running.port, device="dev")))
    assert (told.level, "check mqtt.username" in told.what) == (Level.PROBLEM, True)


@pytest.mark.parametrize(
    ("said", "todo"),
    [
        ("", "else"),
        ("method DESCRIBE failed: 401 (Unauthorized)", "password"),
        ("method DESCRIBE failed: 404 (Not Found)", "path"),
        ("Connection to tcp://h:1 failed: Connection refused", "port"),
        ("Failed to resolve hostname h: Name or service not known", "name"),
        ("No route to host", "no way"),
        ("gave no picture in time", "off"),
        ("sends pictures that cannot be decoded", "H.264"),
        ("EBUSY Device or resource busy", "another program"),
        ("EACCES Permission denied", "usermod"),
    ],
)
def test_what_to_do_about_a_camera(said: str, todo: str) -> None:
    assert todo in todo_for(said, "else")
    assert cleaned(f"[tcp @ 0x55ab] {said}") == said


def test_wrong_logins_and_paths_are_told_apart(tmp_path: Path) -> None:
    with MjpegServer([jpeg(known_picture())], login="u:right") as server:
        told = one(camera("c", NetworkSettings(url=f"http://u:wr-ong@127.0.0.1:{server.port}/stream")))
        assert ("401" in told.what, "password is wrong" in told.todo) == (True, True)
        assert "wr-ong" not in told.what + told.todo
        good = f"http://u:right@127.0.0.1:{server.port}/stream"
        assert one(camera("c", NetworkSettings(url=good))).level is Level.OK
    with RtspServer(tmp_path) as rtsp:
        told = one(camera("c", NetworkSettings(url=rtsp.url.replace("/stream", "/nope"))))
        assert "path" in told.todo


CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, username: u, password: hush-hush}}
model: {model}
cameras:
  yard: {{source: {clip}}}
  gone: {{source: "rtsp://u:hush-hush@127.0.0.1:1/x"}}
"""


@pytest.mark.usefixtures("patient")
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
    assert not (tmp_path / "state").exists()  # the doctor changes nothing


@pytest.mark.parametrize("width", [40, 60, 120])
def test_every_width_shows_everything(tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = "read the manual, all of it"
    monkeypatch.setattr("edge.doctor.examine.examine", lambda _: [trouble("[b]camera x", "is [red] broken", todo)])
    console = Console(record=True, width=width)
    assert show(None, as_json=False, console=console) == 2
    shown = console.export_text()
    assert all(word in shown for word in ("problem", "[b]camera", "[red]", "broken", "manual,"))
    assert "…" not in shown


def test_a_configuration_with_mistakes_is_told_and_the_machine_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("cameras: 3\n")
    found = examine(tmp_path / "f.yaml")
    assert found[0].level is Level.PROBLEM
    assert {finding.subject for finding in found} >= {"configuration", "clock", "runtime"}


def test_checks_that_hang_or_fail_do_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(examining, "LIMIT_S", 5.0)  # which the others need, however slow the machine

    def hang() -> list[Finding]:
        release.wait(300)
        return []

    def fail() -> list[Finding]:
        raise ZeroDivisionError

    found = examining._run([("slow", hang), ("bad", fail), ("good", lambda: [ok("good", "well")])])
    assert [(finding.subject, finding.level) for finding in found] == [
        ("slow", Level.PROBLEM),
        ("bad", Level.PROBLEM),
        ("good", Level.OK),
    ]
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("doctor-"))
    release.set()
    assert examining._run([]) == []
