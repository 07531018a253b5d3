"""What is deployed holds together: the unit, the broker's configuration, the containers' files."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from pydantic import TypeAdapter

from edge.cameras.settings import SourceSettings, StreetSettings
from edge.cameras.source import leave
from edge.check import check
from edge.contracts.errors import SourceError
from edge.demo.camera import StreetCamera
from edge.updates.system.restart import RUNTIME, Restart
from tests.paths import REPOSITORY
from tests.programs import program
from tests.rigs.cameras import soon
from tests.rigs.ports import held_port, port_of

DEPLOY = REPOSITORY / "deploy"
UNIT = DEPLOY / "systemd" / "foresight.service"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SECTIONS = ("Unit", "Service", "Install")
EXPOSURE = 30  # of 100: 3.0


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)


def exposed(unit: Path) -> int:
    analyze = program("systemd-analyze", "systemd")
    return run(analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", unit).returncode


def test_unit_is_hardened() -> None:
    assert [unit.name for unit in UNITS if exposed(unit) != 0] == []


def test_the_measure_sees_an_open_unit(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposed(unit) != 0


@pytest.mark.parametrize(("wrong", "good"), [("", True), ("WatchdogSecs=3", False), ("DeviceAllow=", True)])
def test_unit_is_understood(tmp_path: Path, wrong: str, good: bool) -> None:
    analyze = program("systemd-analyze", "systemd")
    text = UNIT.read_text().replace("/opt/foresight/bin/foresight", "/bin/true")
    unit = tmp_path / "foresight.service"
    unit.write_text(text.replace("[Service]\n", f"[Service]\n{wrong}\n"))
    said = run(analyze, "verify", "--man=no", unit)
    assert ("foresight.service:" not in said.stderr) == good, said.stderr


def test_units_of_systems_are_understood(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    for file in (DEPLOY / "systemd").glob("foresight*.*"):
        if file.is_file():
            programs = ("/opt/foresight/bin/foresight", "/usr/lib/foresight/trial")
            text = file.read_text().replace(programs[0], "/bin/true").replace(programs[1], "/bin/true")
            (tmp_path / file.name).write_text(text)
    shutil.copytree(DEPLOY / "systemd" / "foresight.service.d", tmp_path / "foresight.service.d")
    names = sorted(path.name for path in tmp_path.glob("foresight*.*") if path.is_file())
    assert len(names) == 7
    said = run(analyze, "verify", "--man=no", *(tmp_path / name for name in names))
    assert [line for line in said.stderr.splitlines() if "foresight" in line] == []


@pytest.mark.parametrize("restart", list(Restart))
def test_the_units_watch_for_what_the_daemon_asks_by(restart: Restart) -> None:
    folder = DEPLOY / "systemd"
    assert f"\nPathExists={RUNTIME}/{restart.value}\n" in (folder / f"foresight-{restart.value}.path").read_text()
    service = (folder / f"foresight-{restart.value}.service").read_text()
    assert "\nSuccessAction=reboot\n" in service
    assert ("\nRebootArgument=0 tryboot\n" in service) == (restart is Restart.TRIAL)


@pytest.mark.parametrize(
    ("current", "state", "answer", "stays"),
    [
        ("A", "good", "", True),
        ("B", "bad", "given up", False),
        ("B", "bad", "good", True),  # it was found good a moment ago
        ("B", "bad", "", False),
        ("B", "", "good", False),  # what could not be asked is not judged
        ("", "good", "good", False),
    ],
)
def test_a_system_stays_only_if_it_was_found_good(
    tmp_path: Path, current: str, state: str, answer: str, stays: bool
) -> None:
    slots, orders = tmp_path / "boot-slots", tmp_path / "orders"
    told = {"get-current": current, f"get-state {current}": state, f"give-up {current}": answer}
    cases = "".join(f"'{asked}') echo '{said}' ;;\n" for asked, said in told.items() if said)
    slots.write_text(f'#!/bin/sh\necho "$1" >>{orders}\ncase "$*" in\n{cases}*) exit 1 ;;\nesac\n')
    slots.chmod(0o755)
    script: list[str | Path] = ["env", f"FORESIGHT_BOOT_SLOTS={slots}", DEPLOY / "systemd" / "trial"]
    assert run(*script).returncode == (0 if stays else 1)
    assert ("give-up" in orders.read_text().split()) == (state == "bad")


def test_only_root_and_the_daemon_may_speak_to_rauc() -> None:
    tree = ET.parse(DEPLOY / "dbus" / "foresight-rauc.conf").getroot()
    rules = {
        (policy.get("context") or policy.get("user"), rule.tag, rule.get("send_interface"), rule.get("own"))
        for policy in tree
        for rule in policy
    }
    assert rules == {
        ("default", "deny", None, None),
        ("root", "allow", None, "de.pengutronix.rauc"),
        ("root", "allow", None, None),
        ("foresight", "allow", "org.freedesktop.DBus.Properties", None),
        ("foresight", "allow", "de.pengutronix.rauc.Installer", None),
    }


def test_fast_kernels_can_see_the_processor() -> None:
    assert "\nProcSubset=all\n" in UNIT.read_text()


def test_compose_names_what_is_there() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service = compose["services"]["foresight"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert service["depends_on"] == ["broker"]
    assert service["environment"] == {"FORESIGHT_MQTT_HOST": "broker"}
    assert (DEPLOY / compose["services"]["broker"]["volumes"][0].split(":")[0]).is_file()


def test_dockerfile_copies_what_is_there() -> None:
    copied = [line.split()[1:-1] for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line[:5] == "COPY "]
    names = [name for line in copied if not line[0].startswith("--from") for name in line]
    assert names
    assert [name for name in names if not (REPOSITORY / name).exists()] == []


def test_configuration_of_the_street_is_good() -> None:
    assert check(DEPLOY / "street.yaml", {"FORESIGHT_MQTT_HOST": "localhost"}).problems == ()


def test_street_as_a_camera() -> None:
    settings = TypeAdapter(SourceSettings).validate_python("street")
    assert isinstance(settings, StreetSettings)
    camera = StreetCamera("yard", settings.model_copy(update={"width": 320, "height": 180, "fps": 50.0}), leave)
    with pytest.raises(SourceError, match="not open"):
        camera.read(0.0)
    with camera:
        frames = [camera.read(soon()) for _ in range(3)]
    assert [frame.pixels.shape for frame in frames] == [(180, 320, 3)] * 3
    assert frames[0].seq < frames[1].seq < frames[2].seq
    assert not frames[0].pixels.flags.writeable


def test_broker_takes_its_configuration(tmp_path: Path) -> None:
    mosquitto = program("mosquitto")
    with held_port() as held:
        listens(mosquitto, tmp_path, port_of(held))


def listens(mosquitto: str, tmp_path: Path, port: int) -> None:
    written = tmp_path / "broker.conf"
    written.write_text((DEPLOY / "mosquitto" / "compose.conf").read_text().replace("1883", str(port)))
    broker = subprocess.Popen([mosquitto, "-c", str(written)], stderr=subprocess.DEVNULL)
    try:
        deadline_s = soon()
        while broker.poll() is None and time.monotonic() < deadline_s:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        pytest.fail("mosquitto does not listen with deploy/mosquitto/compose.conf")
    finally:
        broker.kill()
        broker.wait(60.0)
