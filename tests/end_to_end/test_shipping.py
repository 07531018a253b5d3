"""The way that docs/shipping.md shows can be gone: its commands and its configuration, but for the card itself."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.paths import REPOSITORY

COMMAND = "foresight-firmware"
SHIPPED = REPOSITORY / "edge/demo/shipped/street.tflite"
OF_THE_CARD = ("image", "flash")  # need the official system and a card; they have tests of their own


def steps() -> Iterator[list[str]]:
    """The commands of the page, in their order."""
    text = (REPOSITORY / "docs/shipping.md").read_text().replace("\\\n", " ")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            yield words[1:] if words[0] == "sudo" else words


def configured() -> str:
    """The configuration of the page."""
    (found,) = re.findall(r"```yaml\n(.*?)```", (REPOSITORY / "docs/shipping.md").read_text(), re.DOTALL)
    return str(found)


def run(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "PATH": "/usr/bin:/bin",
        "FORESIGHT_KEY_PASSPHRASE": "words for a test",
    }
    command = [sys.executable, "-m", "firmware_tools", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    shutil.copy(SHIPPED, tmp_path / "street.tflite")
    gone = 0
    for words in steps():
        assert words[0] == COMMAND
        if words[1] in OF_THE_CARD:
            continue
        waits = words[1] == "rollout"  # for a broker, and here is none
        ended = run(tmp_path, [*words[1:], *(["--once"] if waits else [])])
        told = f"{shlex.join(words)}: {ended.stderr}"
        assert ("the broker cannot be reached" in ended.stderr) if waits else (ended.returncode == 0), told
        gone += 1
        if words[1:3] == ["provision", "init"]:
            settle(tmp_path / "fleet", tmp_path / "street.tflite")
    assert gone == 9  # and the card's two
    assert "0 of 1 devices asked" in run(tmp_path, ["rollout", "status", "spring"]).stdout


def settle(fleet: Path, model: Path) -> None:
    """What a person writes and copies between the first commands."""
    template = fleet / "template.yaml"
    identity = template.read_text().partition("cameras:")[0]
    template.write_text(identity + configured())
    shutil.copy(model, fleet / "models")


def test_a_device_of_the_page_takes_updates(tmp_path: Path) -> None:
    """What it is given says that it does, with its own board and group."""
    for words in steps():
        if words[1] != "provision":
            continue
        assert run(tmp_path, words[1:]).returncode == 0
        if words[2] == "init":
            shutil.copy(SHIPPED, tmp_path / "street.tflite")
            settle(tmp_path / "fleet", tmp_path / "street.tflite")
    (environment,) = (tmp_path / "fleet/devices/shed").glob("*/environment")
    told = environment.read_text()
    assert 'FORESIGHT_BOARD="pi4"' in told
    assert 'FORESIGHT_GROUP="all"' in told
