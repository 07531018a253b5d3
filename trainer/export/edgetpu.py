"""Compiles a model file for the Edge TPU, where its owner has installed Google's compiler.

There is none for Arm, and none that may be shipped: without it `trainer.export.operators` says what to expect.
"""

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.labels import parse_labels
from edge.contracts.manifest import FILE_NAME, parse_manifest
from trainer.errors import TrainError
from trainer.export.bundle import LABELS, pack
from trainer.export.packing import split_files
from trainer.export.process import run

PROGRAM = "edgetpu_compiler"
MAPPED = "Mapped to Edge TPU"
SUFFIX = "_edgetpu"  # what the compiler adds to a file's name


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the compiler's table."""

    operator: str
    count: int
    status: str


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the compiler says of a model."""

    version: str
    subgraphs: int
    lines: tuple[Line, ...]

    @property
    def mapped(self) -> int:
        """How many operators run on the Edge TPU."""
        return sum(line.count for line in self.lines if line.status == MAPPED)

    @property
    def unmapped(self) -> int:
        """How many run on the CPU."""
        return sum(line.count for line in self.lines) - self.mapped


def find_compiler() -> Path | None:
    """The compiler on PATH, None where there is none."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


def compile_bundle(compiler: Path, bundle: bytes, *, timeout_s: float = 300) -> tuple[bytes, Compilation]:
    """The same model file for the Edge TPU, with the file for the CPU packed inside, and what the compiler said.

    Raises:
        TrainError: the compiler fails, does not end, or maps nothing.
    """
    bare, files = _taken_apart(bundle)
    with tempfile.TemporaryDirectory(prefix="foresight-edgetpu-") as name:
        folder = Path(name)
        try:
            (folder / "model.tflite").write_bytes(bare)
            argv = (str(compiler), "-s", "-o", name, str(folder / "model.tflite"))
            printed = run(argv, "the compilation for the Edge TPU", timeout_s)
            compiled = (folder / f"model{SUFFIX}.tflite").read_bytes()
        except OSError as error:
            raise TrainError(f"{compiler} left no model: {error}; run it by hand to see what it says") from error
        log = folder / f"model{SUFFIX}.log"
        told = parse_log(printed + (log.read_text(errors="replace") if log.is_file() else ""))
    if not told.mapped:
        raise TrainError(f"the Edge TPU takes no operator of it ({_why(told)}); export it as int8")
    return _put_together(compiled, files, bundle), told


def parse_log(text: str) -> Compilation:
    """What the compiler printed and wrote to its log; the table may stand in both."""
    version, subgraphs = _VERSION.search(text), _SUBGRAPHS.search(text)
    rows = {(found[1], int(found[2]), found[3].strip()): None for found in _ROW.finditer(text)}
    lines = tuple(Line(*row) for row in rows)
    return Compilation(version[1] if version else "", int(subgraphs[1]) if subgraphs else 0, lines)


def _taken_apart(bundle: bytes) -> tuple[bytes, Mapping[str, bytes]]:
    try:
        return split_files(bundle)
    except MalformedError as error:
        raise TrainError(f"the model file is damaged: {error}; export it again") from error


def _put_together(compiled: bytes, files: Mapping[str, bytes], cpu_model: bytes) -> bytes:
    if FILE_NAME not in files:
        raise TrainError(f"the model file has no {FILE_NAME} inside; export it with this trainer")
    try:
        manifest = parse_manifest(files[FILE_NAME])
        labels = parse_labels(files.get(LABELS, b""))
    except (MalformedError, ModelError) as error:
        raise TrainError(f"the model file is damaged: {error}; export it again") from error
    return pack(compiled, manifest, labels, cpu_model, files.get(GOLDEN, b""))


def _why(told: Compilation) -> str:
    return "; ".join(f"{line.operator}: {line.status}" for line in told.lines[:3]) or "its log is empty"


_VERSION = re.compile(r"Edge TPU Compiler version (\S+)")
_SUBGRAPHS = re.compile(r"Number of Edge TPU subgraphs: (\d+)")
_ROW = re.compile(r"^([A-Z][A-Z0-9_]+) +(\d+) +(\S.*)$", re.MULTILINE)
