"""Converts a trained network to a model file that learns where it runs, in a process of its own. No TensorFlow here."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edge.contracts.manifest import Calibration, Manifest
from edge.contracts.stored import PUBLIC, replace_file
from edge.contracts.trainable import Trainable
from trainer.errors import TrainError
from trainer.export.bundle import pack
from trainer.export.calibration import chosen
from trainer.export.checked import checked_model
from trainer.export.describe import describe, revision
from trainer.export.process import run
from trainer.export.tasks import expected
from trainer.export.variant import Variant
from trainer.sequences.convert import NO_METRICS, check_window
from trainer.sequences.tasks import expected_of
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
    metrics: Mapping[str, Mapping[str, float]] = NO_METRICS,
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
    wanted = expected_of(trained.task)
    manifest = Manifest(
        task=trained.task,
        head=wanted.head,
        name=trained.name,
        version="1",
        labels="",
        input=trained.window,
        metrics=metrics,
        quantisation="none",
        calibration=Calibration("", 0),
        recipe=recipe,
        revision=revision(),
    )
    model, answer = converted(trained.folder, manifest, settings, (), timeout_s)
    bare = checked_model(model, wanted)
    check_window(bare, wanted.head, trained.window)
    return written(out, bare, told(manifest, settings, answer), trained.labels)


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
    manifest = replace(manifest, calibration=replace(manifest.calibration, samples=answer.calibrated))
    return written(out, checked_model(model, expected(trained.task)), told(manifest, settings, answer), trained.labels)


def converted(
    folder: Path, manifest: Manifest, settings: TrainableSettings, pictures: tuple[Path, ...], timeout_s: float
) -> tuple[bytes, Answer]:
    """The bare model as the child left it, and what is to be known of it."""
    doing = f"the conversion of {folder} to a model that learns"
    try:
        with tempfile.TemporaryDirectory(prefix="foresight-export-") as name:
            place = Path(name)
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
    except FileNotFoundError as error:
        raise TrainError(f"{doing} left no model and gave no reason; start it again") from error
    except OSError as error:
        raise TrainError(f"{doing} needs room for its work: {error.strerror or error}; free some space") from error


def told(manifest: Manifest, settings: TrainableSettings, answer: Answer) -> Manifest:
    """The manifest, with how it learns."""
    learns = Trainable(settings.batch, answer.weights, settings.optimizer, answer.state, settings.rate)
    return replace(manifest, trainable=learns)


def written(out: Path, bare: bytes, manifest: Manifest, labels: tuple[str, ...]) -> Manifest:
    """Write the file; its manifest.

    Raises:
        TrainError: the disk takes it not; `out` is as it was.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, pack(bare, manifest, labels), PUBLIC)
    except OSError as error:
        raise TrainError(
            f"{out} cannot be written: {error.strerror or error}; free some space, or name another"
        ) from error
    return manifest
