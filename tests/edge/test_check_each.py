"""One configuration for several devices: each is answered for, in its turn."""

import json
import subprocess
import sys
from pathlib import Path

from edge.check_each import check_each
from tests.paths import REPOSITORY

TEXT = "mqtt: {host: localhost, device: '${FORESIGHT_DEVICE}'}\ncameras: {yard: {source: '${FORESIGHT_YARD}'}}\n"
GOOD = {"FORESIGHT_DEVICE": "shed", "FORESIGHT_YARD": "/dev/video0"}
BAD = {"FORESIGHT_DEVICE": "a shed", "FORESIGHT_YARD": "/dev/video0"}


def test_each_in_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "foresight.yaml"
    path.write_text(TEXT)
    assert check_each(path, []) == []
    good, bad, missing = check_each(path, [GOOD, BAD, {"FORESIGHT_DEVICE": "shed"}])
    assert good == []
    assert ["mqtt.device" in problem for problem in bad] == [True]
    assert ["has no FORESIGHT_YARD" in problem for problem in missing] == [True]


def test_as_a_program(tmp_path: Path) -> None:
    path = tmp_path / "foresight.yaml"
    path.write_text(TEXT)
    command = [sys.executable, "-m", "edge.check_each", str(path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, input=json.dumps([GOOD, BAD]), capture_output=True, text=True, check=True, timeout=120
    )
    assert [len(problems) for problems in json.loads(done.stdout)] == [0, 1]
