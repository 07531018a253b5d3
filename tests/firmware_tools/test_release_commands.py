"""`foresight-firmware release`, as a person calls it: from the first key to what a device takes."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_tools.__main__ import app
from firmware_tools.errors import MistakeError
from firmware_tools.release import lifetimes
from tests.paths import REPOSITORY
from tests.rigs.broker import Broker
from tests.rigs.releases import CONTENT

WORDS = "four good long words"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("door.yaml").write_bytes(CONTENT)
    return tmp_path


def release(*arguments: str, code: int = 0, given: str = "", **environment: str) -> str:
    """What it says; nothing of it is ever a passphrase or a private key."""
    done = CliRunner().invoke(app, ["release", *arguments], input=given, env={"COLUMNS": "200", **environment})
    if isinstance(done.exception, Exception):
        raise done.exception
    assert done.exit_code == code, done.output
    assert WORDS not in done.output
    assert "PRIVATE KEY" not in done.output
    return done.output


def test_from_the_first_key_to_a_release(folder: Path) -> None:
    said = release("init", "releases", "--keys", "keys", "--plain-keys")
    assert "6 keys" in said
    assert "releases/root.json" in said
    assert "for boards pi4" in release("add", "releases", "door.yaml", "--version", "1.2", "--board", "pi4")
    said = release("status", "releases")
    assert "1 signature(s) missing" in said
    assert "new: configurations/door.yaml" in said
    assert "0 missing" in release("sign", "releases", "--key", "keys/targets-1.pem")
    online = ["--key", "keys/snapshot.pem", "--key", "keys/timestamp.pem"]
    assert "targets 2" in release("publish", "releases", *online)
    told = json.loads(release("status", "releases", "--json"))
    assert told["files"][0]["name"] == "configurations/door.yaml"
    assert "snapshot 2, timestamp 3" in release("renew", "releases", "timestamp", "--key", "keys/timestamp.pem")
    assert "next release" in release("remove", "releases", "configurations/door.yaml")
    release("rotate-keys", "releases", "timestamp", "--new", "keys/timestamp-2.pem", "--plain-keys", "--threshold", "2")
    release("sign", "releases", *[f"--key=keys/{name}.pem" for name in ("root-1", "root-2", "targets-1")])
    assert "root 2, targets 3" in release("publish", "releases", *online, "--key", "keys/timestamp-2.pem")


def test_passphrases_are_asked_for_and_never_shown(folder: Path) -> None:
    release("init", "releases", "--keys", "keys", given=f"{WORDS}\n{WORDS}\n")
    assert all(b"ENCRYPTED" in path.read_bytes() for path in Path("keys").iterdir())
    online = ["--key", "keys/timestamp.pem"]
    assert "timestamp 2" in release("publish", "releases", *online, given=f"{WORDS}\n")
    assert "timestamp 3" in release("publish", "releases", *online, FORESIGHT_KEY_PASSPHRASE=WORDS)
    with pytest.raises(MistakeError, match="passphrase is wrong"):
        release("publish", "releases", *online, given="some other words\n")


def test_a_passphrase_that_nobody_can_type_is_told(folder: Path) -> None:
    with pytest.raises(MistakeError, match="set FORESIGHT_KEY_PASSPHRASE"):
        release("init", "releases", "--keys", "keys")


def test_a_rotation_that_is_refused_leaves_no_key_in_the_way_of_the_next(folder: Path) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys")
    rotation = ["rotate-keys", "releases", "timestamp", "--plain-keys", "--new", "keys/timestamp-2.pem"]
    with pytest.raises(MistakeError, match="names 0 keys"):
        release(*rotation, "--remove", "1f3a9c02")
    assert "root 2" in release(*rotation)
    made = Path("keys/timestamp-2.pem").read_bytes()
    with pytest.raises(MistakeError, match="there already"):
        release(*rotation)
    assert Path("keys/timestamp-2.pem").read_bytes() == made


def test_a_name_that_roll_outs_are_told_is_shown_whole(folder: Path) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys")
    name = "configurations/of-all-the-doors-and-gates.yaml"
    release("add", "releases", "door.yaml", "--version", "1.2", "--board", "pi4", "--name", name)
    release("sign", "releases", "--key", "keys/targets-1.pem")
    release("publish", "releases", "--key", "keys/snapshot.pem", "--key", "keys/timestamp.pem")
    rows = [row.split("│")[1].strip() for row in release("status", "releases", COLUMNS="80").splitlines() if "│" in row]
    assert name in "".join(rows)


def test_a_model_that_does_not_say_what_it_is_for(folder: Path) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys")
    shipped = (REPOSITORY / "edge/demo/shipped/street.tflite").read_bytes()
    Path("cut.tflite").write_bytes(shipped[:1000])
    with pytest.raises(MistakeError, match=r"cut off, so copy it again; .* say --task "):
        release("add", "releases", "cut.tflite")


def test_keys_on_another_path(folder: Path) -> None:
    """A stick is plugged in for the signature, and elsewhere otherwise."""
    release("init", "releases", "--keys", "keys", "--plain-keys")
    stick = folder / "stick"
    stick.mkdir()
    (folder / "keys" / "targets-1.pem").rename(stick / "targets-1.pem")
    release("add", "releases", "door.yaml", "--version", "1")
    with pytest.raises(MistakeError, match="is its medium there"):
        release("sign", "releases", "--key", "keys/targets-1.pem")
    release("sign", "releases", "--key", str(stick / "targets-1.pem"))


def test_renewing_does_not_hide_what_has_expired_besides(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys")
    later = lifetimes.wall_clock() + timedelta(days=500)
    monkeypatch.setattr(lifetimes, "wall_clock", lambda: later)
    online = ["--key", "keys/snapshot.pem", "--key", "keys/timestamp.pem"]
    with pytest.raises(MistakeError, match=r"targets has expired; see release status"):
        release("renew", "releases", "timestamp", *online)
    told = {one["role"]: one["version"] for one in json.loads(release("status", "releases", "--json", code=1))["lists"]}
    assert told == {"root": 1, "targets": 1, "snapshot": 2, "timestamp": 2}
    with pytest.raises(MistakeError, match="for timestamp only"):  # it would look signed, and nothing is
        release("renew", "releases", "targets", "--key", "keys/targets-1.pem")
    assert not list((folder / "releases" / "staged").glob("*.json"))


def test_status_of_what_has_expired(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys", "--timestamp-days", "1")
    later = lifetimes.wall_clock() + timedelta(days=2)
    monkeypatch.setattr(lifetimes, "wall_clock", lambda: later)
    assert "EXPIRED" in release("status", "releases", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "nowhere"],
        ["publish", "nowhere", "--key", "nothing.pem"],
        ["add", "nowhere", "door.yaml"],
        ["add", "nowhere", "door.bin"],
        ["init", "x", "--keys", "k", "--plain-keys", "--root-threshold", "9"],
        ["init", "x", "--keys", "k", "--plain-keys", "--timestamp-days", "99999999"],
        ["rotate-keys", "nowhere", "root", "--public", "door.yaml"],
        ["serve", "nowhere", "--broker", "here"],
    ],
)
def test_mistakes_are_told_in_words(folder: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "firmware_tools", "release", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_serving_ends_when_told(folder: Path) -> None:
    release("init", "releases", "--keys", "keys", "--plain-keys")
    with Broker() as broker:
        command = [sys.executable, "-m", "firmware_tools", "release", "serve", "releases"]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        address = f"127.0.0.1:{broker.port}"
        with subprocess.Popen([*command, "--broker", address], env=environment, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            assert b"answering devices" in running.stdout.readline()
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
