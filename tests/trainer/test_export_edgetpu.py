"""The Edge TPU's compiler, where its owner has installed it; a stand-in here."""

from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.packed import PackedFiles
from edge.runtime.cpu_model import PACKED
from tests.rigs.edgetpu_compiler_standin import LOG, SUMMARY, install
from tests.trainer.exports import DETECTOR, manifest
from trainer.errors import TrainError
from trainer.export.bundle import pack
from trainer.export.edgetpu import Compilation, Line, compile_bundle, find_compiler, parse_log

BUNDLE = pack(DETECTOR.encode(), manifest(), ("person", "car"))
DTYPE = "Operation is working on an unsupported data type"
LINES = (
    Line("ADD", 12, "Mapped to Edge TPU"),
    Line("CUSTOM", 1, DTYPE),
    Line("CONV_2D", 57, "Mapped to Edge TPU"),
    Line("DEQUANTIZE", 2, DTYPE),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Compilation("", 0, ())),
        (LOG, Compilation("16.0.384591198", 0, LINES)),
        (SUMMARY + LOG, Compilation("16.0.384591198", 1, LINES)),
        ("Internal compiler error. Aborting!", Compilation("", 0, ())),
    ],
)
def test_what_the_compiler_says_is_understood(text: str, expected: Compilation) -> None:
    assert parse_log(text) == expected


def test_a_compiled_model_has_the_cpu_s_inside(tmp_path: Path) -> None:
    data, told = compile_bundle(install(tmp_path), BUNDLE, timeout_s=300)
    assert (told.mapped, told.unmapped, told.subgraphs) == (69, 3, 1)
    path = tmp_path / "m_edgetpu.tflite"
    path.write_bytes(data)
    bundle = read_bundle(path)
    assert (bundle.edgetpu, bundle.labels, bundle.name) == (True, ("person", "car"), "made")
    assert PackedFiles.find(data).read(PACKED, 1 << 20) == BUNDLE


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("fail", "Internal compiler error"),
        ("map nothing", "takes no operator.*ADD: Operation version not supported"),
        ("write nothing", "left no model"),
    ],
)
def test_a_compiler_that_does_not_compile(tmp_path: Path, mode: str, words: str) -> None:
    with pytest.raises(TrainError, match=words):
        compile_bundle(install(tmp_path, mode), BUNDLE, timeout_s=300)


def test_a_compiler_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="did not end within 1 s"):
        compile_bundle(install(tmp_path, "hang"), BUNDLE, timeout_s=1)


def test_a_damaged_file_is_not_compiled(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="export it with this trainer"):
        compile_bundle(install(tmp_path), DETECTOR.encode(), timeout_s=300)


def test_the_compiler_is_looked_for_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_compiler() is None
    install(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_compiler() == tmp_path / "bin" / "edgetpu_compiler"
