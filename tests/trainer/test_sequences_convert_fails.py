"""Whatever becomes of the converting process, there is a whole file or none, and a reason in words. No TensorFlow."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.manifest import Task
from tests.rigs.graphs import File, Graph
from tests.rigs.tflite import Net, Port
from tests.trainer.small_sequences import FEATURES, SERIES, TRACKS, described
from trainer.errors import TrainError
from trainer.export.variant import Variant
from trainer.sequences import convert as module
from trainer.sequences.calibration import MOST, batches
from trainer.sequences.convert import convert_sequence
from trainer.sequences.trained import SequenceTrained, read_sequence

B, S, M, K = TRACKS.tracks, TRACKS.samples, TRACKS.modes, len(TRACKS.horizons_s)


def made() -> bytes:
    """A network that gives pieces of what it is given."""
    file = File()
    graph = Graph(file)
    tracks = graph.given((B, S, FEATURES))
    flat = graph.run("RESHAPE", [tracks, graph.wholes(B * S * FEATURES)], (B * S * FEATURES,))
    shapes = {"log_sigma": (B, M, K), "logit": (B, M), "mean": (B, M, K, 2)}
    outputs = {}
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        piece = graph.run("SLICE", [flat, graph.wholes(0), graph.wholes(size)], (size,))
        outputs[name] = graph.run("RESHAPE", [piece, graph.wholes(*shape)], shape)
    graph.signed("serving_default", {"tracks": tracks}, outputs)
    return file.encode()


MADE = made()
READ = Net(  # only read, never run
    inputs=(Port((B, S, FEATURES), name="tracks"),),
    outputs=(Port((B, M, K), name="t0"), Port((B, M), name="t1"), Port((B, M, K, 2), name="t2")),
    signature=("log_sigma", "logit", "mean"),
)
ONE = np.zeros((1, S, FEATURES), np.float32)
WORKS = """
import json, pathlib, sys
told = json.loads(pathlib.Path(sys.argv[1]).read_text())
pathlib.Path(told["model"]).write_bytes(pathlib.Path({prepared!r}).read_bytes())
"""


@pytest.fixture
def trained(tmp_path: Path) -> SequenceTrained:
    return described(tmp_path / "run", "trajectory")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def put_in_place(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str, model: bytes) -> None:
    """Put a program in the converter's place, which writes this model."""
    prepared = folder / "prepared.tflite"
    prepared.write_bytes(model)
    monkeypatch.setattr(module, "PROGRAM", (sys.executable, "-c", code.format(prepared=str(prepared))))


def test_a_child_that_works(
    monkeypatch: pytest.MonkeyPatch, trained: SequenceTrained, tmp_path: Path, scratch: Path
) -> None:
    put_in_place(monkeypatch, tmp_path, WORKS, MADE)
    convert_sequence(trained, Variant.FLOAT32, ONE, tmp_path / "m.tflite")
    bundle = read_bundle(tmp_path / "m.tflite")
    assert [spec.name for spec in bundle.outputs] == ["logit", "mean", "log_sigma"]
    assert bundle.window == TRACKS
    assert list(scratch.iterdir()) == []


def test_few_windows_are_warned_of(monkeypatch: pytest.MonkeyPatch, trained: SequenceTrained, tmp_path: Path) -> None:
    put_in_place(monkeypatch, tmp_path, WORKS, MADE)
    told = convert_sequence(trained, Variant.INT8, ONE, tmp_path / "m.tflite")
    assert [warning.split(";")[0] for warning in told.warnings] == [
        "ranges were measured on 1 windows only",
        "operators that stay float32 in the int8 file: RESHAPE, SLICE",
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", r"to int8 crashed \(SIGABRT\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"to int8 crashed \(SIGSEGV\)"),
        ("import signal; signal.pause()", "did not end within 1 s"),
        ("raise OSError(28, 'No space left on device')", "No space left on device"),
        ("pass", "left no model"),
    ],
)
def test_a_child_that_ends_badly(
    monkeypatch: pytest.MonkeyPatch, trained: SequenceTrained, tmp_path: Path, scratch: Path, code: str, words: str
) -> None:
    put_in_place(monkeypatch, tmp_path, code, b"")
    out = tmp_path / "m.tflite"
    out.write_bytes(b"what was there before")
    with pytest.raises(TrainError, match=words):
        convert_sequence(trained, Variant.INT8, ONE, out, timeout_s=1 if "pause" in code else 300)
    assert out.read_bytes() == b"what was there before"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"no model", "cannot be used"),
        (replace(READ, custom="FlexErf").encode(), "TensorFlow itself for FlexErf"),
        (replace(READ, signature=("a", "b", "c")).encode(), "names the outputs"),
    ],
)
def test_a_child_that_writes_what_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, trained: SequenceTrained, tmp_path: Path, model: bytes, words: str
) -> None:
    put_in_place(monkeypatch, tmp_path, WORKS, model)
    with pytest.raises(TrainError, match=words):
        convert_sequence(trained, Variant.FLOAT32, ONE, tmp_path / "m.tflite")
    assert not (tmp_path / "m.tflite").exists()


@pytest.mark.parametrize(("windows", "words"), [(ONE[:0], "was given none"), (np.full_like(ONE, np.nan), "no numbers")])
def test_windows_that_ranges_cannot_be_measured_on(
    trained: SequenceTrained, tmp_path: Path, windows: np.ndarray, words: str
) -> None:
    with pytest.raises(TrainError, match=words):
        convert_sequence(trained, Variant.INT8, windows, tmp_path / "m.tflite")


def test_pictures_are_no_sequences(trained: SequenceTrained, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="a detector is no model of sequences"):
        convert_sequence(replace(trained, task=Task.DETECTOR), Variant.FLOAT32, ONE, tmp_path / "m.tflite")


@pytest.mark.parametrize(("count", "tensors"), [(1, 1), (4, 1), (5, 2), (3 * MOST, MOST // B)])
def test_windows_come_in_whole_batches(count: int, tensors: int) -> None:
    windows = np.arange(count, dtype=np.float32).reshape(-1, 1, 1)
    fed = batches(windows, B)
    assert fed.shape == (tensors, B, 1, 1)
    assert (fed.min(), fed.max()) == (0, count - 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "sequence.json is missing"),
        ("[]", "is damaged"),
        ('{"task": "series", "name": "a", "labels": [], "window": {"kind": "odd"}}', "known are tracks, series"),
    ],
)
def test_folders_that_hold_no_network(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "sequence.json").write_text(text)
    with pytest.raises(TrainError, match=words):
        read_sequence(tmp_path)


def test_a_window_that_is_not_that_of_the_file_is_refused_when_it_is_read(
    monkeypatch: pytest.MonkeyPatch, trained: SequenceTrained, tmp_path: Path
) -> None:
    put_in_place(monkeypatch, tmp_path, WORKS, MADE)
    with pytest.raises(TrainError, match="its window needs"):
        convert_sequence(replace(trained, window=replace(TRACKS, modes=3)), Variant.FLOAT32, ONE, tmp_path / "m.tflite")
    with pytest.raises(TrainError, match="does not fit"):
        convert_sequence(replace(trained, window=SERIES), Variant.FLOAT32, ONE, tmp_path / "m.tflite")
