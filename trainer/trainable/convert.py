"""Converts a trained network to a model file that learns where it runs, in a process of its own. No TensorFlow here."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge.contracts.manifest import Manifest
from edge.contracts.trainable import Trainable
from trainer.export.calibration import chosen
from trainer.export.checked import checked_model
from trainer.export.describe import describe
from trainer.export.process import run
from trainer.export.tasks import expected
from trainer.export.variant import Variant
from trainer.export.workplace import workplace, write_model
from trainer.sequences.fitting import NO_METRICS, Metrics, checked_sequence, sequence_manifest
from trainer.sequences.trained import SequenceTrained
from trainer.trainable.request import Answer, Request, read_answer
from trainer.trainable.settings import TrainableSettings
from trainer.trained import Trained

PROGRAM = (sys.executable, "-P", "-m", "trainer.trainable.child")


def convert_learning_sequence(
    trained: SequenceTrained,
    settings: TrainableSettings,
    out: Path,
    *,
    metrics: Metrics = NO_METRICS,
    recipe: str = "",
    timeout_s: float = 600,
) -> Manifest:
    """Write a complete model file, or none: float32, built-in operators, fixed batches, and how it learns inside.

    Args:
        trained: the network on disk.
        settings: how it will learn.
        out: the `.tflite`.
        metrics: scores by part, as they stand in the manifest.
        recipe: what it was trained on and how, for the manifest.
        timeout_s: the converter is killed after that.

    Raises:
        TrainError: the network cannot be converted, or the file not be written; `out` is as it was.
    """
    manifest = sequence_manifest(trained, Variant.FLOAT32, 0, metrics, recipe)
    model, answer = converted(trained.folder, manifest, settings, (), timeout_s)
    manifest = told(manifest, settings, answer)
    write_model(out, checked_sequence(model, trained), manifest, trained.labels)
    return manifest


def convert_learning_classifier(
    trained: Trained, settings: TrainableSettings, pictures: Sequence[Path], out: Path, *, timeout_s: float = 600
) -> Manifest:
    """Write a complete model file, or none: a backbone that stays as it is, and a head that learns in float32.

    Args:
        trained: the network on disk.
        settings: how it will learn.
        pictures: of the training split, on which the ranges of int8 are measured, at most `calibration.MOST` of them;
            none: the backbone computes as the network does, in float32 unless it was trained for int8.
        out: the `.tflite`.
        timeout_s: the converter is killed after that.

    Raises:
        TrainError: the network cannot be converted, or the file not be written; `out` is as it was.
    """
    used = () if trained.fake_quantised else chosen(pictures)
    variant = Variant.INT8 if used or trained.fake_quantised else Variant.FLOAT32
    manifest = describe(trained, variant, used, 0)
    model, answer = converted(trained.folder, manifest, settings, used, timeout_s)
    calibration = replace(manifest.calibration, samples=answer.calibrated)
    manifest = told(replace(manifest, calibration=calibration), settings, answer)
    write_model(out, checked_model(model, expected(trained.task)), manifest, trained.labels)
    return manifest


def converted(
    folder: Path, manifest: Manifest, settings: TrainableSettings, pictures: tuple[Path, ...], timeout_s: float
) -> tuple[bytes, Answer]:
    """The bare model as the child left it, and what is to be known of it."""
    doing = f"the conversion of {folder} to a model that learns"
    with workplace(doing) as place:
        request = Request(
            folder=folder.absolute(),
            task=manifest.task,
            settings=settings,
            pictures=tuple(one.absolute() for one in pictures),
            model=place / "model.tflite",
            answer=place / "answer.json",
        )
        request.write(place / "request.json")
        run((*PROGRAM, str(place / "request.json")), doing, timeout_s)
        return request.model.read_bytes(), read_answer(request.answer)


def told(manifest: Manifest, settings: TrainableSettings, answer: Answer) -> Manifest:
    """The manifest, with how it learns."""
    learns = Trainable(settings.batch, answer.weights, settings.optimizer, answer.state, settings.rate)
    return replace(manifest, trainable=learns)
