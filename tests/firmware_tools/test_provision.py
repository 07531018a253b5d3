"""`foresight-firmware provision`, as a person calls it."""

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.contracts.errors import EdgeError
from firmware_tools.commands import provision
from firmware_tools.identity.delivery import UNIT_TEXT
from tests.firmware_tools.test_main import command
from tests.programs import program

SECRET = "hunter2-of-the-shed"


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return tmp_path / "fleet"


class Teller:
    """Calls commands, and keeps all that they say."""

    def __init__(self, fleet: Path) -> None:
        self.fleet, self.said = fleet, ""

    def __call__(self, *arguments: str | Path, good: bool = True) -> str:
        done = CliRunner().invoke(provision.app, [*map(str, arguments), "--fleet", str(self.fleet)])
        words = done.output + (str(done.exception) if done.exception else "")
        assert (done.exit_code == 0) == good, words
        assert good or isinstance(done.exception, EdgeError | SystemExit), repr(done.exception)
        self.said += words
        return words


def private(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text)
    return path


def with_camera(fleet: Path) -> None:
    text = (fleet / "template.yaml").read_text()
    source = "rtsp://user:${FORESIGHT_DOOR_PASSWORD}@door.lan/1"
    (fleet / "template.yaml").write_text(text.replace("/dev/video0", source))


def key_lines(fleet: Path) -> set[str]:
    """What of private keys stands in files, in all the forms in which it might be told."""
    found = set[str]()
    for path in fleet.rglob("*.key"):
        lines = [line for line in path.read_text().splitlines() if "-----" not in line]
        raw = base64.b64decode("".join(lines))
        found |= {*lines, raw[36:68].hex(), str(int.from_bytes(raw[36:68], "big"))}
    return found


def test_the_life_of_a_fleet_and_no_secret_is_ever_told(fleet: Path, tmp_path: Path) -> None:
    tell, keys = Teller(fleet), set[str]()
    tell("init", "home", "--broker", "broker.lan", "--broker", "10.0.0.2")
    with_camera(fleet)
    values = private(tmp_path / "shed.values", f"FORESIGHT_DOOR_PASSWORD={SECRET}\n")
    tell("add", "shed", "--board", "pi4", "--group", "outdoors", "--values", values, "--reads", "zigbee2mqtt/tank")
    tell("host", "collector")
    keys |= key_lines(fleet)
    tell("add", "barn", "--board", "pi4", "--values", values, good=False)
    tell("add", "shed", "--board", "pi4", "--values", values, good=False)
    tell("rotate", "shed")
    assert "an older certificate of shed is good too" in tell("list")
    tell("revoke", "shed", "--old")
    tell("rotate-authority")
    assert "shed does not know the newest authority" in tell("list")
    tell("retire-authority", good=False)
    for name in ("shed", "collector"):
        tell("rotate", name)
        tell("revoke", name, "--old")
    keys |= key_lines(fleet)
    tell("broker", "--renew", "--name", "broker.home", "--port", "8884")
    tell("retire-authority")
    tell("configure", "shed")
    inventory = json.loads(tell("list", "--json"))
    assert (inventory["broker"]["names"], inventory["broker"]["port"]) == (["broker.home"], 8884)
    tell("revoke", "shed", "--reason", "cessation_of_operation")
    tell("configure", "shed", good=False)
    tell("broker", "--port", "1", good=False)
    keys |= key_lines(fleet)
    assert "revoked" in tell("list")
    written = "".join(path.read_text() for path in (fleet / "mosquitto").iterdir() if path.name != "broker.key")
    everywhere = tell.said + written + (fleet / "fleet.json").read_text()
    assert len(keys) > 30
    assert [secret for secret in (*keys, SECRET) if secret in everywhere] == []


def test_several_devices_at_once_each_with_its_values(fleet: Path, tmp_path: Path) -> None:
    tell, values = Teller(fleet), tmp_path / "values"
    tell("init", "home", "--broker", "broker.lan")
    with_camera(fleet)
    values.mkdir()
    for name in ("shed", "barn"):
        private(values / f"{name}.values", f"FORESIGHT_DOOR_PASSWORD={SECRET}-{name}\n")
    add = ("add", "shed", "barn", "--board", "pi4", "--values")
    assert "is the same secret" in tell(*add, values / "shed.values", good=False)
    assert "attic.values cannot be read" in tell(*add, values, "attic", good=False)
    assert f"2 devices are ready; the files of each: {fleet}/devices/NAME/2." in tell(*add, values)
    assert [one["name"] for one in json.loads(tell("list", "--json"))["devices"]] == ["barn", "shed"]
    for name in ("shed", "barn"):
        assert f"{SECRET}-{name}" in (fleet / "devices" / name / "2" / "environment").read_text()
    assert SECRET not in tell.said


def test_a_protected_authority_asks_for_its_passphrase(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = Teller(fleet)
    monkeypatch.delenv(provision.PASSPHRASE, raising=False)
    assert provision.PASSPHRASE in tell("init", "home", "--broker", "broker.lan", "--protect", good=False)
    assert not (fleet / "fleet.json").exists()
    monkeypatch.setenv(provision.PASSPHRASE, "open sesame")
    tell("init", "home", "--broker", "broker.lan", "--protect")
    assert "ENCRYPTED" in (fleet / "authority" / "1.key").read_text()
    tell("host", "collector")
    tell("rotate-authority")
    assert "ENCRYPTED" in (fleet / "authority" / "2.key").read_text()
    for wrong in ("open", ""):
        monkeypatch.setenv(provision.PASSPHRASE, wrong)
        assert "passphrase is not the right one" in tell("host", "other", good=False)
    tell("list")
    assert "open sesame" not in tell.said


def test_mistakes_are_told_in_words_with_a_code(fleet: Path, tmp_path: Path) -> None:
    done = command("provision", "list", "--fleet", str(fleet))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{fleet} is no fleet: there is no fleet.json" in done.stderr
    for long in (("list", "--fleet", "a" * 300), ("add", "shed", "--board", "pi4", "--values", "a" * 300)):
        done = command("provision", *long)
        assert (done.returncode, "File name too long" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    tell = Teller(fleet)
    assert "names.0: a broker is reached by" in tell("init", "home", "--broker", "no name", good=False)
    assert "names.0: a broker is reached by" in tell("init", "home", "--broker", "grüße.lan", good=False)
    assert "fleet: a name is of" in tell("init", "a home", "--broker", "broker.lan", good=False)
    tell("init", "home", "--broker", "broker.lan")
    assert "is a fleet already" in tell("init", "home", "--broker", "broker.lan", good=False)
    open_to_all = tmp_path / "values"
    open_to_all.write_text("FORESIGHT_A=hunter2")
    open_to_all.chmod(0o644)
    said = tell("add", "shed", "--board", "pi4", "--values", open_to_all, good=False)
    assert "open to others" in said
    assert "hunter2" not in said
    assert "cannot be read" in tell("add", "shed", "--board", "pi4", "--template", tmp_path / "absent", good=False)
    assert "no file" in tell("add", "shed", "--board", "pi4", "--template", tmp_path, good=False)
    template = fleet / "template.yaml"
    template.write_text(template.read_text() + "nonsense: 1\n")
    said = tell("add", "shed", "--board", "pi4", good=False)
    assert f"{template}:" in said
    assert "devices/shed" not in said
    assert json.loads(tell("list", "--json"))["devices"] == []


def test_systemd_understands_how_the_identity_is_handed_over(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    unit = tmp_path / "foresight.service"
    unit.write_text(f"[Service]\nExecStart=/bin/true\nDynamicUser=yes\n{UNIT_TEXT}")
    done = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, timeout=120, check=False
    )
    assert "foresight.service:" not in done.stderr
    assert len(re.findall("^LoadCredential=", UNIT_TEXT, re.MULTILINE)) == 3
