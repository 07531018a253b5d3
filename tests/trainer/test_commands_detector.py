"""`foresight-train detector` as a person types it: from pictures to a file, killed and begun again, and bad input."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from tests.paths import REPOSITORY
from tests.trainer.pictures import squares
from tests.trainer.tensor import tensorflow
from trainer.data.coco_writing import write_coco
from trainer.data.dataset import Dataset

tensorflow()

DEADLINE_S = 900
SMALL = ("--px", "64", "--width", "0.35", "--weights", "none", "--batch", "4", "--variant", "float16")


def written(folder: Path, train: Dataset, val: Dataset | None) -> Path:
    write_coco(train, folder / "train.json")
    if val is not None:
        write_coco(val, folder / "val.json")
    return folder


def pictures(folder: Path) -> Path:
    return written(folder, squares(folder / "images", 24), squares(folder / "images" / "val", 8, seed=7))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "200"}


def command(folder: Path, data: Path, *options: str) -> list[str]:
    places = ["--data", str(data), "--run", str(folder / "run"), "--out", str(folder / "model.tflite")]
    return [sys.executable, "-m", "trainer", "detector", *places, *SMALL, *options]


def run(folder: Path, data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, data, *options),
        env=environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def refused(folder: Path, data: Path, *options: str) -> str:
    """What is said; nothing is written, and there is no traceback."""
    done = run(folder, data, *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (folder / "model.tflite").exists()
    return done.stderr


def test_killed_in_the_middle_it_goes_on_and_writes_a_file_that_the_daemon_reads(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    (data / "images" / "003.png").write_bytes(b"no picture any more")
    asked = ("--steps", "110", "--accept-loss", "a test of the plumbing")
    first = subprocess.Popen(
        command(tmp_path, data, *asked), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    checkpoint, end = tmp_path / "run" / "checkpoint.npz", time.monotonic() + DEADLINE_S
    while not checkpoint.exists() and time.monotonic() < end and first.poll() is None:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    told, _ = first.communicate(timeout=DEADLINE_S)
    assert first.returncode == -signal.SIGKILL, told.decode()

    done = run(tmp_path, data, *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "going on with the run" in done.stdout
    assert "003.png" in done.stdout
    bundle = read_bundle(tmp_path / "model.tflite")
    assert bundle.labels == ("red", "blue")
    manifest = read_manifest(tmp_path / "model.tflite")
    assert manifest is not None
    assert manifest.quantisation == "float16"
    assert manifest.metrics["held_out"]["pictures"] == 8
    assert {"report.html", "settings.yaml", "curves.csv", "network.keras", "tensorboard"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    other = refused_after(tmp_path, data)
    assert "another settings.yaml" in other


def refused_after(folder: Path, data: Path) -> str:
    done = run(folder, data, "--steps", "7")
    assert done.returncode == 2
    return done.stderr


def test_nothing_there(tmp_path: Path) -> None:
    assert "there is no" in refused(tmp_path, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    assert "no labelled pictures of a format known here" in refused(tmp_path, tmp_path / "empty")


def test_pictures_without_a_single_object(tmp_path: Path) -> None:
    some = squares(tmp_path / "data" / "images", 6)
    bare = replace(some, pictures=tuple(replace(one, box=one.box[:0], label=one.label[:0]) for one in some.pictures))
    data = written(tmp_path / "data", bare, None)
    assert "shows an object" in refused(tmp_path, data)


def test_weights_of_another_network(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    np.savez(tmp_path / "other.npz", conv__kernel=np.zeros((3, 3, 3, 4), np.float32))
    said = refused(tmp_path, data, "--steps", "2", "--weights", str(tmp_path / "other.npz"))
    assert "does not hold the weights of" in said


def test_a_loss_that_is_no_number_stops_with_advice(tmp_path: Path) -> None:
    from trainer.backbones import imagenet_network  # noqa: PLC0415 - TensorFlow, where it is

    spoilt = imagenet_network("mobilenet_v2", 0.35, 64)
    spoilt.set_weights([np.full_like(array, np.nan) for array in spoilt.get_weights()])
    spoilt.save_weights(tmp_path / "spoilt.weights.h5")
    said = refused(
        tmp_path, pictures(tmp_path / "data"), "--steps", "20", "--weights", str(tmp_path / "spoilt.weights.h5")
    )
    assert "no number any more at step 1; try a lower rate" in said


@pytest.mark.parametrize("text", ["training:\n  stepps: 3\n", "network: 7\n", "training: [\n"])
def test_a_wrong_recipe(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    assert "recipe.yaml:" in refused(tmp_path, pictures(tmp_path / "data"), "--recipe", str(file))


def test_all_pictures_corrupt(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    for path in (data / "images").rglob("*.png"):
        good = cv2.imread(str(path))
        path.write_bytes(path.read_bytes()[:60])  # the header says a size, nothing follows
        assert good is not None
    said = refused(tmp_path, data, "--steps", "2")
    assert "object" in said or "picture" in said
