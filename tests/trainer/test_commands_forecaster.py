"""`foresight-train forecaster` as a person types it: from recorded tracks to a file and a report, and bad input."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ConfigError
from edge.contracts.trainable import Optimizer
from edge.contracts.types import Head
from tests.paths import REPOSITORY
from tests.trainer.recorded_scenes import ASPECT, crowd
from tests.trainer.tensor import tensorflow

tensorflow()

from rich.console import Console  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from trainer.__main__ import app  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.evaluate.dispatch import Asked, evaluate_any  # noqa: E402

DEADLINE_S = 900
HEIGHT_PX = 500
LOST = ("--accept-loss", "so few tracks tell little about sigma")
LEARNS = ("--trainable", "--optimizer", "sgd")
RECIPE = """
window: {samples: 6, horizons_s: [0.5, 1, 2], modes: 2}
network: {units: 16, hidden: 16}
training: {steps: 120, batch: 64, rate: 0.01}
scenes: {every_s: 0.2, moved: 0, jitter: 0, missed: 0}
"""


def recorded(folder: Path) -> Path:
    """Some crowds as MOT sequences."""
    for seed in range(10):
        place = folder / f"C{seed}"
        (place / "gt").mkdir(parents=True)
        (place / "seqinfo.ini").write_text(
            f"[Sequence]\nframeRate=10\nimWidth={ASPECT * HEIGHT_PX:g}\nimHeight={HEIGHT_PX}\n"
        )
        rows = []
        for track in crowd(seed).tracks:
            corner = (track.position - track.size / 2) * HEIGHT_PX
            for frame, (left, top), (width, height) in zip(track.t_s * 10, corner, track.size * HEIGHT_PX, strict=True):
                rows.append(
                    f"{frame + 1:.0f},{int(track.id) + 1},{left:.2f},{top:.2f},{width:.2f},{height:.2f},1,1,1\n"
                )
        (place / "gt" / "gt.txt").write_text("".join(rows))
    return folder


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "forecaster", *options],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def on_the_ground(path: Path) -> Path:
    """A crowd in metres."""
    tracks = enumerate(crowd(50).tracks)
    rows = [(10 * frame, number, *at) for number, track in tracks for frame, at in enumerate(10 * track.position)]
    path.write_text("".join(f"{frame}\t{number}\t{x:.3f}\t{y:.3f}\n" for frame, number, x, y in sorted(rows)))
    return path


def evaluated(folder: Path, data: Path, part: str | None) -> str:
    """What is on the screen."""
    said = StringIO()
    evaluate_any(Asked([folder / "paths.tflite"], data, part, None, folder / "told.html", 1), Console(file=said))
    return said.getvalue()


def test_from_tracks_to_a_file_and_a_report(tmp_path: Path) -> None:
    data = recorded(tmp_path / "mot")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    first = data / "C0" / "gt" / "gt.txt"
    first.write_text(first.read_text() + "61,99,no,0,5,5,1,1,1\n")
    options = ("--data", "mot", "--recipe", "recipe.yaml", "--out", "paths.tflite", "--variant", "float32")
    done = run(tmp_path, *options, *LEARNS, *LOST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "line 721" in done.stdout
    bundle, manifest = read_bundle(tmp_path / "paths.tflite"), read_manifest(tmp_path / "paths.tflite")
    assert manifest is not None
    assert (bundle.head, bundle.window.horizons_s) == (Head.TRAJECTORY, (0.5, 1.0, 2.0))  # type: ignore[union-attr]
    assert manifest.recipe == "recipe.yaml: tracks of mot"
    assert manifest.trainable is not None
    assert manifest.trainable.optimizer is Optimizer.SGD
    assert manifest.metrics["held_out"]["ade"] < manifest.metrics["held_out"]["ade_line"]
    page = (tmp_path / "runs/paths/report.html").read_text()
    assert all(words in page for words in ("accuracy kept", "Distance by horizon", "Paths: C"))
    assert evaluated(tmp_path, data, "test").count("box heights") == 0
    assert "box heights" in (tmp_path / "told.html").read_text()
    said = evaluated(tmp_path, on_the_ground(tmp_path / "ground.txt"), None)
    for words in ("paths.tflite was trained in box heights, and these tracks are in metres", "% nearer than straight"):
        assert words in said.replace("\n", " ")
    assert "trained in box heights" in (tmp_path / "told.html").read_text()


def test_a_report_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("a file, and no folder")
    asked = Asked([tmp_path / "no.tflite"], tmp_path / "none", None, None, tmp_path / "full" / "report.html", 1)
    with pytest.raises(TrainError, match=r"report\.html cannot be written: .*; name another place \(--out\)"):
        evaluate_any(asked, Console(file=StringIO()))


def test_a_recipe_without_settings_is_told_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("# nothing\n")
    options = ["--data", "street", "--recipe", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "m.tflite")]
    with pytest.raises(ConfigError, match=r"recipe\.yaml: holds no settings; write settings as `training") as caught:
        CliRunner().invoke(app, ["forecaster", *options], catch_exceptions=False)
    assert "foresight.yaml" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--data", "nowhere"), "nowhere is not there"),
        (("--data", "street", "--horizons", "2,1"), "ascending"),
        (("--data", "street", "--horizons", "soon"), "0.5,1,2,3"),
        (("--data", "street", "--frame", "big"), "1920x1080"),
    ],
)
def test_what_cannot_be_used_is_told_in_words(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(TrainError, match=words):
        CliRunner().invoke(app, ["forecaster", *options, "--out", str(tmp_path / "m.tflite")], catch_exceptions=False)
