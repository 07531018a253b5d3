"""A trained detector, fine-tuned with the rounding of int8 in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F32
from edge.imaging import OpenCv
from trainer.data.dataset import Dataset, Picture
from trainer.detector.architecture import grid
from trainer.detector.detecting import picture_input
from trainer.detector.settings import DetectorRecipe
from trainer.detector.training import batches, loss_of
from trainer.errors import TrainError
from trainer.evaluate.running import read_pixels
from trainer.networks import load_network, save_network
from trainer.quantise.fine_tuning import fine_tuning, followed_steps
from trainer.quantise.network import fake_quantised
from trainer.trained import Trained
from trainer.training.loop import Progress, Trainer

CALIBRATION = 128  # pictures that the first ranges are measured on
_BATCH = 8


def fine_tune_detector(
    trained: Trained, recipe: DetectorRecipe, train: Dataset, folder: Path, progress: Progress
) -> Trained:
    """Fine-tune, or go on where an earlier run of the same folder stopped, and write the network.

    Args:
        trained: the float network.
        recipe: it was trained by.
        train: pictures that it was trained on.
        folder: of this run: another one than that of the float network.
        progress: told the losses every few steps.

    Raises:
        TrainError: no picture can be read, the loss is no number any more, the disk is full, ...
    """
    plain = load_network(trained)
    schedule = fine_tuning(recipe.training.schedule(0, 0))
    pictures = inputs([one.path for one in _spread(train)], trained.input_px)
    model = fake_quantised(plain, pictures, followed_steps(schedule))
    settings = recipe.training.model_copy(update={"steps": schedule.steps})
    calm = recipe.augmentation.model_copy(update={"calm_share": 1.0})  # ranges are to be those of whole pictures
    source = batches(recipe.model_copy(update={"training": settings, "augmentation": calm}), train)
    losses = loss_of(grid(recipe.network.architecture(len(train.labels))), recipe.training.label_smoothing)
    Trainer(model, losses, schedule, folder).run(source, progress)
    tuned = replace(trained, folder=folder, fake_quantised=True)
    save_network(model, tuned)
    return tuned


def inputs(paths: Sequence[Path], size: int) -> Iterator[F32]:
    """Batches (B, S, S, 3) of pictures as every network of the trainer takes them; what cannot be read is left out.

    Raises:
        TrainError: none can be read.
    """
    prepare = Preprocess(picture_input(size), OpenCv())
    pixels = (one for one in map(read_pixels, paths) if one is not None)
    kept: list[F32] = []
    found = False
    for one in pixels:
        kept.append(np.asarray(prepare(one)[0], np.float32).copy())
        found = True
        if len(kept) == _BATCH:
            yield np.concatenate(kept)
            kept = []
    if kept:
        yield np.concatenate(kept)
    if not found:
        raise TrainError(f"none of {len(paths)} pictures can be read; ranges are measured on training pictures")


def _spread(dataset: Dataset) -> Sequence[Picture]:
    """Some pictures, evenly from the first to the last."""
    count = min(CALIBRATION, len(dataset))
    return [dataset.pictures[int(index)] for index in np.linspace(0, len(dataset) - 1, count)]
