"""A conversion's folder is gone afterwards, whatever happens; a model file is whole, or as it was."""

from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.manifest import Calibration, Manifest, Task
from edge.contracts.types import Head
from tests.rigs.graphs import File, Graph
from tests.trainer.small_sequences import SERIES
from trainer.errors import TrainError
from trainer.export.workplace import workplace, write_model

MANIFEST = Manifest(
    Task.AUTOENCODER, Head.AUTOENCODER, "a", "1", "", SERIES, {}, "none", Calibration("", 0), "", "unknown"
)
WINDOW = (1, SERIES.samples, len(SERIES.channels))


def _model() -> bytes:
    """It gives back what it is given, and the first four numbers of it."""
    file = File()
    graph = Graph(file)
    window = graph.given(WINDOW)
    flat = graph.run("RESHAPE", [window, graph.wholes(1, WINDOW[1] * WINDOW[2])], (1, WINDOW[1] * WINDOW[2]))
    first = graph.run("SLICE", [flat, graph.wholes(0, 0), graph.wholes(1, 4)], (1, 4))
    same = graph.run("RESHAPE", [flat, graph.wholes(*WINDOW)], WINDOW)
    graph.signed("serving_default", {"window": window}, {"reconstruction": same, "embedding": first})
    return file.encode()


MODEL = _model()


def test_nothing_is_left_of_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with workplace("the work") as place:
        (place / "model.tflite").write_bytes(b"x")
        assert list(tmp_path.iterdir()) == [place]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file"), "the work left no model and gave no reason; start it again"),
        (OSError(28, "No space left"), "the work needs room for its work: No space left; free some space"),
    ],
)
def test_what_goes_wrong_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(TrainError, match=words), workplace("the work"):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_written_into_a_new_folder(tmp_path: Path) -> None:
    out = tmp_path / "new" / "m.tflite"
    write_model(out, MODEL, MANIFEST, ())
    assert read_bundle(out).name == "a"


@pytest.mark.parametrize(("model", "words"), [(b"", "is no model file"), (MODEL, "cannot be written: .*name another")])
def test_what_stood_there_stays(tmp_path: Path, model: bytes, words: str) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(TrainError, match=words):
        write_model(tmp_path / "file" / "m.tflite", model, MANIFEST, ())
    assert (tmp_path / "file").read_text() == "kept"
