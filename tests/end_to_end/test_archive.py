"""From what a daemon is unsure of to a data set that training reads: the whole way, as processes."""

import json
import subprocess
import sys
from pathlib import Path

from edge.demo.clip import SHIPPED
from tests.paths import REPOSITORY
from tests.rigs.daemon import environment, foresight

PER_DAY = 40
CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: 1, device: dev}}
keep: {{enabled: true, pictures: true, gap_s: 0.5, max_mb: 1, per_day: {per_day}}}
model: {model}
cameras:
  yard:
    source: {{path: {clip}, speed: 0}}
    look: {{every_frame: true}}
"""


def watched(folder: Path) -> Path:
    """The configuration of a daemon that has watched the clip to its end."""
    path = folder / "foresight.yaml"
    files = {"clip": SHIPPED / "street.mp4", "model": SHIPPED / "street.tflite"}
    path.write_text(CONFIG.format(folder=folder, per_day=PER_DAY, **files))
    done = foresight(folder, "run", path)
    assert done.returncode == 0, done.stderr
    assert "doubtful looks: DoubtCounts(looks=" in done.stderr
    return path


def train(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "trainer", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def fingerprint_of(folder: Path, config: Path) -> str:
    shown = foresight(folder, "archive", config)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout.splitlines()[0]


def test_from_the_camera_to_a_data_set_that_is_clean(tmp_path: Path) -> None:
    config = watched(tmp_path)
    kept = list((tmp_path / "state" / "uncertain").iterdir())
    assert 1 <= len([path for path in kept if path.suffix == ".json"]) <= PER_DAY
    assert sum(path.stat().st_size for path in kept) <= 1_000_000
    trust = fingerprint_of(tmp_path, config)
    packed = foresight(tmp_path, "archive", config, "--out", tmp_path / "a.tar", "--forget")
    assert packed.returncode == 0, packed.stderr
    assert f"--trust {trust}" in packed.stdout
    assert list((tmp_path / "state" / "uncertain").iterdir()) == []
    data = tmp_path / "data"
    imported = train("data", "import", tmp_path / "a.tar", "--trust", trust, "--out", data)
    assert imported.returncode == 0, imported.stderr
    checked = train("data", "check", data)
    assert (checked.returncode, "0 errors, 0 warnings" in checked.stdout) == (0, True), checked.stdout
    pictures = json.loads((data / "annotations.json").read_text())["images"]
    assert len(pictures) == len(list((data / "pictures").iterdir())) == len(kept) // 2
    again = train("data", "import", tmp_path / "a.tar", "--trust", trust, "--out", data)
    assert "0 new pictures" in again.stdout
    refused = train("data", "import", tmp_path / "a.tar", "--trust", "0" * 64, "--out", tmp_path / "other")
    assert (refused.returncode, "is trusted" in refused.stderr) == (2, True)
