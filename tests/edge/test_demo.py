"""The demonstration, on the rendered street: what it shows, says and leaves behind."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge.adhoc import STREET
from edge.bus import LocalBus
from edge.contracts.errors import BrokerError
from edge.contracts.types import Event, EventKind, Expectation, Near, Outcome
from edge.demo.carrier import address, choose_carrier
from edge.demo.clip import CLIP_FPS, CLIP_S, MODEL
from edge.demo.screen import ScreenState, describe, screen
from edge.demo.show import REAL_CLIP, REAL_MODEL, choose
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from edge.mqtt.settings import MqttSettings
from tests.paths import REPOSITORY
from tests.patience import patient
from tests.rigs.ports import held_port, port_of
from tests.rigs.tracks import tracks


def event(kind: EventKind, expectation: Expectation | None = None) -> Event:
    box = (0.1, 0.1, 0.2, 0.2)
    return Event(kind, "cam", 7, "person", "", 0.8, box, 0, "porch", "", (), expectation, None)


def test_events_are_told_in_one_line() -> None:
    assert describe(event(EventKind.ENTERED)).split() == ["entered", "cam", "porch", "person", "7", "0.80"]
    said = describe(event(EventKind.EXPECTED, Expectation(3, 0.87, 1.62, Outcome.OPEN)))
    assert "87%" in said
    assert "1.6 s" in said
    near = replace(event(EventKind.NEAR_MISS, Expectation(4, 0.6, 1.0, Outcome.OPEN)), near=Near(9, "car", 0.44))
    assert "person 7 and car 9 at 0.4" in describe(near)


def test_what_the_user_named_is_shown_as_it_is() -> None:
    here = tracks([[0.1, 0.1, 0.2, 0.3]], velocity=[[0.1, 0, 0.1, 0]])
    state = ScreenState("a[/b].avi", np.full((90, 160, 3), 50, np.uint8), here, names={1: "[/cat]"})
    console = Console(file=io.StringIO(), width=160, height=40, force_terminal=True, color_system=None)
    console.print(screen(state))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a[/b].avi" in said
    assert "[/cat]" in said


@pytest.mark.parametrize(("width", "height"), [(20, 8), (80, 24), (200, 60)])
def test_the_screen_fits_any_terminal(width: int, height: int) -> None:
    here = tracks([[0.1, 0.1, 0.2, 0.3]], velocity=[[0.1, 0, 0.1, 0]])
    state = ScreenState("title", np.full((90, 160, 3), 50, np.uint8), here)
    state.forecasts, state.names = ConstantVelocity(ForecastSettings()).forecast(here), {1: "person"}
    state.events.append("something happened")
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True)
    console.print(screen(state))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert 0 < len(lines) <= height + 1


@pytest.mark.parametrize(
    ("broker", "expected"),
    [
        ("host", ("host", 1883)),
        ("host:99", ("host", 99)),
        ("[::1]", ("::1", 1883)),
        ("[::1]:99", ("::1", 99)),
        ("fe80::1", ("fe80::1", 1883)),
    ],
)
def test_a_broker_is_named_by_host_and_port(broker: str, expected: tuple[str, int]) -> None:
    assert address(broker) == expected


@pytest.mark.parametrize("broker", ["host:", "host:abc", "host:0", "host:70000", "[::1]:0", "host:\u00b2"])
def test_odd_ports_are_refused(broker: str) -> None:
    if broker == "host:":
        assert address(broker) == ("host", 1883)
        return
    with pytest.raises(BrokerError, match="1 to 65535"):
        address(broker)


@pytest.mark.parametrize("broker", ["", ":99", "[]:99", "[::1]x99"])
def test_brokers_without_a_host_are_refused(broker: str) -> None:
    with pytest.raises(BrokerError, match="no host"):
        address(broker)


def test_a_mosquitto_that_does_not_start_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container in which root cannot become another user."""
    (tmp_path / "mosquitto").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "mosquitto").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with choose_carrier(None, MqttSettings()) as carriage:
        assert isinstance(carriage.carrier, LocalBus)
        assert f"mosquitto does not start here; try it: {tmp_path}/mosquitto" in carriage.where


def test_a_broker_that_does_not_answer_is_told() -> None:
    with pytest.raises(BrokerError, match="does not answer"), choose_carrier("127.0.0.1:1", MqttSettings()):
        pass


def test_without_data_and_model_it_is_the_street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_DATA", str(tmp_path))
    chosen = choose(None, None)
    assert (chosen.source, chosen.model) == (STREET, MODEL)
    assert "small model trained on such streets" in chosen.why


@pytest.mark.parametrize("source", [None, "street", "clip"])
def test_streets_are_shown_without_a_model_on_request(
    source: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORESIGHT_DATA", str(tmp_path))
    chosen = choose(source, Path("none"))
    assert (chosen.source, chosen.model) == (source or STREET, None)
    assert "no neural model was used" in chosen.why


def test_what_the_user_names_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_DATA", str(tmp_path))
    own = choose("mine.mp4", Path("mine.tflite"))
    assert (own.source, own.model) == ("mine.mp4", Path("mine.tflite"))
    assert choose("street", Path("mine.tflite")).model == Path("mine.tflite")
    assert choose("mine.mp4", None).model is None  # the street's model knows only streets


def test_where_the_data_folder_is_its_clip_and_model_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (REAL_CLIP, REAL_MODEL):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    monkeypatch.setenv("FORESIGHT_DATA", str(tmp_path))
    assert choose(None, None).source == str(tmp_path / REAL_CLIP)
    assert choose("mine.mp4", None).model == tmp_path / REAL_MODEL
    assert choose("street", None).model == MODEL


def demo(folder: Path, *arguments: str) -> str:
    """What the demo says on a machine where nothing else is: no home, no data folder."""
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "FORESIGHT_"))}
    environment = {**kept, "HOME": str(home), "FORESIGHT_DATA": "/nonexistent", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "edge", "demo", "--out", str(folder / "o"), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_a_fresh_machine_sees_the_street_and_how_well_the_model_did(tmp_path: Path) -> None:
    said = demo(tmp_path, "--seconds", "5", "--broker", "none")
    assert "objects found by street.tflite" in said
    told = re.search(r"(\d+)% of what could be seen was tracked, (\d+)% of the tracks were right \(IoU 0.5\)", said)
    assert told is not None
    assert int(told[1]) > 40
    assert int(told[2]) > 60
    assert "of the right kind" in said
    assert "MOTA" in said


def test_the_shipped_clip_is_scored_too(tmp_path: Path) -> None:
    said = demo(tmp_path, "--source", "clip", "--broker", "none")
    assert "a clip of a rendered street" in said
    assert f"{round(CLIP_S * CLIP_FPS)} frames" in said
    assert "Against the exact truth of the street" in said


def mosquitto_starts() -> bool:
    """Whether it is there, and may become another user, which it wants where it is root."""
    program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    if program is None:
        return False
    with held_port() as held:
        started = subprocess.Popen([program, "-p", str(port_of(held))], stderr=subprocess.DEVNULL)
        try:
            started.wait(patient(1))
        except subprocess.TimeoutExpired:
            started.kill()
    return started.wait(60) == -signal.SIGKILL


def test_the_whole_demo_on_the_street(tmp_path: Path) -> None:
    said = demo(tmp_path, "--source", "street", "--model", "none", "--seconds", "5")
    assert "no neural model was used" in said
    assert "Against the exact truth of the street" in said
    assert ("127.0.0.1" if mosquitto_starts() else "inside this process") in said.replace("localhost", "127.0.0.1")
    assert int(cv2.VideoCapture(str(tmp_path / "o" / "annotated.mp4")).get(cv2.CAP_PROP_FRAME_COUNT)) >= 70
    assert cv2.imread(str(tmp_path / "o" / "contact.png")) is not None
