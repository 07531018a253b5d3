"""Converts a trained sequence network to a model file, in a process of its own. No TensorFlow here."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import Calibration, Manifest
from edge.contracts.stored import PUBLIC, replace_file
from edge.contracts.tflite import read_graph
from edge.contracts.types import F32, Head
from edge.contracts.window_rules import check_tensors
from edge.contracts.windows import Window
from trainer.descriptions import write_entries
from trainer.errors import TrainError
from trainer.export.bundle import LABELS, pack
from trainer.export.checked import checked_model
from trainer.export.describe import revision
from trainer.export.operators import report_operators
from trainer.export.process import run
from trainer.export.variant import Variant
from trainer.sequences.calibration import FEW, MOST, batches
from trainer.sequences.request import Request
from trainer.sequences.tasks import batch_of, expected_of
from trainer.sequences.trained import SequenceTrained

PROGRAM = (sys.executable, "-P", "-m", "trainer.sequences.child")
NO_METRICS: Mapping[str, Mapping[str, float]] = {}


@dataclass(frozen=True, slots=True)
class SequenceConverted:
    """What is to be known of a model file that was written."""

    manifest: Manifest
    warnings: tuple[str, ...]


def convert_sequence(
    trained: SequenceTrained,
    variant: Variant,
    calibration: F32,
    out: Path,
    *,
    metrics: Mapping[str, Mapping[str, float]] = NO_METRICS,
    recipe: str = "",
    timeout_s: float = 600,
) -> SequenceConverted:
    """Write a complete model file, or none: built-in operators, a fixed batch, float32 at both ends.

    Args:
        trained: the network on disk.
        variant: how its numbers are written.
        calibration: (N, …) input windows of the training part, without the batch; used by `INT8` alone.
        out: the `.tflite`.
        metrics: scores by part, as they stand in the manifest.
        recipe: what it was trained on and how, for the manifest.
        timeout_s: the converter is killed after that.

    Raises:
        TrainError: the network cannot be converted, or the file not be written; `out` is as it was.
    """
    wanted, measured = expected_of(trained.task), variant is Variant.INT8
    windows = np.asarray(calibration, np.float32)
    fed = batches(windows, batch_of(trained.window)) if measured else np.zeros(0, np.float32)
    samples = min(len(windows), MOST) if measured else 0
    manifest = Manifest(
        task=trained.task,
        head=wanted.head,
        name=trained.name,
        version="1",
        labels=LABELS if trained.labels else "",
        input=trained.window,
        metrics=metrics,
        quantisation=variant.quantisation,
        calibration=Calibration("train" if measured else "", samples),
        recipe=recipe,
        revision=revision(),
    )
    try:
        bare = checked_model(_converted(trained, variant, fed, timeout_s), wanted)
        check_window(bare, wanted.head, trained.window)
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, pack(bare, manifest, trained.labels), PUBLIC)
    except OSError as error:
        raise TrainError(
            f"{out} cannot be written: {error.strerror or error}; free some space, or name another"
        ) from error
    return SequenceConverted(manifest, _warnings(bare, samples) if measured else ())


def _converted(trained: SequenceTrained, variant: Variant, fed: F32, timeout_s: float) -> bytes:
    """The bare model, as the child left it."""
    doing = f"the conversion of {trained.folder} to {variant}"
    with tempfile.TemporaryDirectory(prefix="foresight-export-") as folder:
        place = Path(folder)
        np.save(place / "calibration.npy", fed)
        request = Request(
            trained.served.absolute(), trained.task, variant, place / "calibration.npy", place / "model.tflite"
        )
        write_entries(place / "request.json", request)
        run((*PROGRAM, str(place / "request.json")), doing, timeout_s)
        try:
            return request.model.read_bytes()
        except FileNotFoundError as error:
            raise TrainError(f"{doing} left no model and gave no reason; start it again") from error


def check_window(model: bytes, head: Head, window: Window) -> None:
    """Refuse a bare model that does not fit its window. Raises TrainError."""
    graph = read_graph(model)
    try:
        check_tensors(head, window, graph.inputs[0], graph.outputs)
    except MalformedError as error:
        raise TrainError(
            f"the network does not fit its window: {error}; describe the one that it was built for"
        ) from error


def _warnings(model: bytes, samples: int) -> tuple[str, ...]:
    warnings = []
    if samples < FEW:
        warnings.append(f"ranges were measured on {samples} windows only; give some hundred of the training part")
    floats = sorted(set(report_operators(model).floats))
    if floats:
        warnings.append(f"operators that stay float32 in the int8 file: {', '.join(floats)}")
    return tuple(warnings)
