"""Whatever becomes of the converting process, there is a whole file or none, and a reason in words. No TensorFlow."""

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.manifest import Task
from tests.rigs.tflite import Net, Port
from tests.trainer.exports import DETECTOR, runnable_detector
from trainer.errors import TrainError
from trainer.export import convert as module
from trainer.export.calibration import MOST
from trainer.export.convert import convert
from trainer.export.variant import Variant
from trainer.trained import Trained

LABELS = ("person", "car")


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    return Trained(tmp_path / "run", Task.DETECTOR, "tiny", LABELS, 64, fake_quantised=False)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Puts a program in the converter's place, which writes the model that is prepared here."""
    (tmp_path / "prepared.tflite").write_bytes(runnable_detector())
    return monkeypatch


WORKS = """
import json, pathlib, sys
told = json.loads(pathlib.Path(sys.argv[1]).read_text())
pathlib.Path(told["model"]).write_bytes(pathlib.Path({prepared!r}).read_bytes())
pathlib.Path(told["answer"]).write_text(json.dumps({{"calibrated": len(told["calibration"]), "unreadable": []}}))
"""


def put_in_place(child: pytest.MonkeyPatch, folder: Path, code: str, model: bytes = b"") -> None:
    prepared = folder / "prepared.tflite"
    if model:
        prepared.write_bytes(model)
    child.setattr(module, "PROGRAM", (sys.executable, "-c", code.format(prepared=str(prepared))))


def test_a_child_that_works(child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path, scratch: Path) -> None:
    put_in_place(child, tmp_path, WORKS)
    told = convert(trained, Variant.FLOAT32, [], tmp_path / "new" / "m.tflite")
    assert read_bundle(tmp_path / "new" / "m.tflite").labels == LABELS
    assert (told.warnings, told.manifest.labels) == ((), "labels.txt")
    assert list(scratch.iterdir()) == []


def test_pictures_are_spread_and_few_are_warned_of(child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path) -> None:
    put_in_place(child, tmp_path, WORKS)
    pictures = [tmp_path / "train" / f"{number}.jpg" for number in range(3 * MOST)]
    out = tmp_path / "m.tflite"
    many = convert(trained, Variant.INT8, pictures, out)
    assert (many.manifest.calibration.data, many.manifest.calibration.samples) == ("train", MOST)
    assert many.warnings == ()
    few = convert(trained, Variant.INT8, pictures[:3], out)
    assert [warning.split(";")[0] for warning in few.warnings] == ["ranges were measured on 3 pictures only"]
    assert convert(trained, Variant.FLOAT16, pictures, out).manifest.calibration.samples == 0
    assert convert(replace(trained, fake_quantised=True), Variant.INT8, [], out).warnings == ()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", r"to int8 crashed \(SIGABRT\)"),
        ("import signal; signal.pause()", "did not end within 1 s"),
        ("raise OSError(28, 'No space left on device')", "No space left on device"),
        ("pass", "left no model"),
    ],
)
def test_a_child_that_ends_badly(
    child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path, scratch: Path, code: str, words: str
) -> None:
    put_in_place(child, tmp_path, code)
    out = tmp_path / "m.tflite"
    with pytest.raises(TrainError, match=words):
        convert(trained, Variant.INT8, [tmp_path / "a.jpg"], out, timeout_s=1 if "pause" in code else 300)
    assert not out.exists()
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"no model", "cannot be used"),
        (Net().encode(), "no signature"),
        (replace(DETECTOR, custom="FlexErf").encode(), "TensorFlow itself for FlexErf"),
        (replace(DETECTOR, custom="Odd").encode(), "Odd, which no device runs"),
        (Net(outputs=(Port(),) * 4, signature=("a", "b", "c", "d")).encode(), "names the outputs"),
    ],
)
def test_a_child_that_writes_what_cannot_be_used(
    child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path, model: bytes, words: str
) -> None:
    put_in_place(child, tmp_path, WORKS, model)
    out = tmp_path / "m.tflite"
    out.write_bytes(b"what was there before")
    with pytest.raises(TrainError, match=words):
        convert(trained, Variant.FLOAT32, [], out)
    assert out.read_bytes() == b"what was there before"


def test_a_disk_that_takes_no_more(child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path, scratch: Path) -> None:
    put_in_place(child, tmp_path, WORKS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, hard))  # as a full disk does: writing fails half way
    try:
        with pytest.raises(TrainError, match="File too large"):
            convert(trained, Variant.FLOAT32, [], tmp_path / "m.tflite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "m.tflite").exists()
    assert list(scratch.iterdir()) == []


def test_a_place_that_cannot_be_written(child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path) -> None:
    put_in_place(child, tmp_path, WORKS)
    with pytest.raises(TrainError, match="cannot be written"):
        convert(trained, Variant.FLOAT32, [], tmp_path / "prepared.tflite" / "m.tflite")


def test_what_is_asked_for_in_vain(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="given none"):
        convert(trained, Variant.INT8, [], tmp_path / "m.tflite")
    with pytest.raises(TrainError, match="a forecaster is not exported"):
        convert(replace(trained, task=Task.FORECASTER), Variant.FLOAT32, [], tmp_path / "m.tflite")


def test_the_request_says_where_things_are(child: pytest.MonkeyPatch, trained: Trained, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    put_in_place(child, tmp_path, f"{WORKS}\npathlib.Path({str(seen)!r}).write_text(json.dumps(told))")
    convert(trained, Variant.INT8, [Path("a.jpg")], tmp_path / "m.tflite")
    told = json.loads(seen.read_text())
    assert told["calibration"] == [str(Path("a.jpg").absolute())]
    assert (told["variant"], told["folder"]) == ("int8", str(trained.folder))
