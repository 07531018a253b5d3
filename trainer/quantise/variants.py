"""The files of one detector, a variant each: what is measured, and one of them chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.config.loader import load
from trainer.data.dataset import Dataset
from trainer.detector.settings import DetectorRecipe, NetworkSettings
from trainer.errors import TrainError
from trainer.export.convert import convert
from trainer.export.variant import Variant
from trainer.quantise.choosing import QAT
from trainer.quantise.detector import fine_tune_detector
from trainer.run_folder import SETTINGS
from trainer.trained import Trained, read_trained

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A trained float detector, and what it was trained by and on."""

    trained: Trained
    recipe: DetectorRecipe
    train: Dataset


def read_origin(run: Path, train: Dataset) -> Origin:
    """The detector of a run's folder; a run without settings is taken for one of the usual ones.

    Raises:
        TrainError: there is none, or it is of other labels.
        ConfigError: its settings are damaged.
    """
    trained = read_trained(run)
    if trained.labels != train.labels:
        raise TrainError(
            f"{run} knows {', '.join(trained.labels)}, the pictures show {', '.join(train.labels)}; "
            "name the pictures that it was trained on"
        )
    settings = run / SETTINGS
    usual = DetectorRecipe(network=NetworkSettings(input_px=trained.input_px))
    return Origin(trained, load(settings, DetectorRecipe) if settings.exists() else usual, train)


def make_variants(origin: Origin, folder: Path, told: Told) -> dict[str, Path]:
    """Convert to every variant, and fine-tune for int8; float32 first.

    Args:
        origin: the detector.
        folder: for the files, and the run of the fine-tuning, which goes on where an earlier one was cut off.
        told: what is done, in words, now and then.

    Raises:
        TrainError: a conversion fails, or the training.
    """
    calibration = [picture.path for picture in origin.train.pictures]
    files: dict[str, Path] = {}
    for variant in Variant:
        told(f"converting to {variant.value}")
        files[variant.value] = folder / f"{variant.value}.tflite"
        convert(origin.trained, variant, calibration, files[variant.value])
    tuned = fine_tune_detector(
        origin.trained,
        origin.recipe,
        origin.train,
        folder / QAT,
        lambda step, losses: told(f"fine-tuning, step {step}: loss {losses['total']:.3f}"),
    )
    files[QAT] = folder / f"{QAT}.tflite"
    convert(tuned, Variant.INT8, (), files[QAT])
    return files
