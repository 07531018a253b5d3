"""A trained classifier, fine-tuned with the rounding of int8 in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from trainer.classifier.balance import class_weights
from trainer.classifier.choosing import class_counts
from trainer.classifier.settings import ClassifierRecipe
from trainer.classifier.training import batches, loss_of
from trainer.data.dataset import Dataset
from trainer.networks import load_network, save_network
from trainer.quantise.detector import CALIBRATION, inputs
from trainer.quantise.fine_tuning import fine_tuning, followed_steps
from trainer.quantise.network import fake_quantised
from trainer.trained import Trained
from trainer.training.loop import Progress, Trainer


def fine_tune_classifier(
    trained: Trained, recipe: ClassifierRecipe, train: Dataset, folder: Path, progress: Progress
) -> Trained:
    """Fine-tune, or go on where an earlier run of the same folder stopped, and write the network.

    Args:
        trained: the float network, its scores calibrated: labels are not smoothed here, so that they stay so.
        recipe: it was trained by.
        train: samples that it was trained on.
        folder: of this run: another one than that of the float network.
        progress: told the losses every few steps.

    Raises:
        TrainError: no picture can be read, the loss is no number any more, the disk is full, ...
    """
    schedule = fine_tuning(recipe.training.schedule(0, 0))
    rows = np.linspace(0, len(train) - 1, min(CALIBRATION, len(train))).round().astype(int).tolist()
    pictures = inputs([train.pictures[row].path for row in rows], trained.input_px)
    model = fake_quantised(load_network(trained), pictures, followed_steps(schedule))
    losses = loss_of(class_weights(class_counts(train), recipe.training.balance), 0.0)
    Trainer(model, losses, schedule, folder).run(batches(recipe, train), progress)
    tuned = replace(trained, folder=folder, fake_quantised=True)
    save_network(model, tuned)
    return tuned
