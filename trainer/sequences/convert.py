"""Converts a trained sequence network to a model file, in a process of its own. No TensorFlow here."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.manifest import Manifest
from edge.contracts.types import F32
from trainer.descriptions import write_entries
from trainer.export.operators import report_operators
from trainer.export.process import run
from trainer.export.variant import Variant
from trainer.export.workplace import workplace, write_model
from trainer.sequences.calibration import FEW, MOST, batches
from trainer.sequences.fitting import NO_METRICS, Metrics, checked_sequence, sequence_manifest
from trainer.sequences.request import Request
from trainer.sequences.tasks import batch_of
from trainer.sequences.trained import SequenceTrained

PROGRAM = (sys.executable, "-P", "-m", "trainer.sequences.child")


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
    metrics: Metrics = NO_METRICS,
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
    measured, windows = variant is Variant.INT8, np.asarray(calibration, np.float32)
    fed = batches(windows, batch_of(trained.window)) if measured else np.zeros(0, np.float32)
    samples = min(len(windows), MOST) if measured else 0
    manifest = sequence_manifest(trained, variant, samples, metrics, recipe)
    bare = checked_sequence(_converted(trained, variant, fed, timeout_s), trained)
    write_model(out, bare, manifest, trained.labels)
    return SequenceConverted(manifest, _warnings(bare, samples) if measured else ())


def _converted(trained: SequenceTrained, variant: Variant, fed: F32, timeout_s: float) -> bytes:
    """The bare model, as the child left it."""
    doing = f"the conversion of {trained.folder} to {variant}"
    with workplace(doing) as place:
        np.save(place / "calibration.npy", fed)
        request = Request(
            trained.served.absolute(), trained.task, variant, place / "calibration.npy", place / "model.tflite"
        )
        write_entries(place / "request.json", request)
        run((*PROGRAM, str(place / "request.json")), doing, timeout_s)
        return request.model.read_bytes()


def _warnings(model: bytes, samples: int) -> tuple[str, ...]:
    warnings = []
    if samples < FEW:
        warnings.append(f"ranges were measured on {samples} windows only; give some hundred of the training part")
    floats = sorted(set(report_operators(model).floats))
    if floats:
        warnings.append(f"operators that stay float32 in the int8 file: {', '.join(floats)}")
    return tuple(warnings)
