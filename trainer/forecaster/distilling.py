"""Several trajectory networks distilled into one: the mean of what they think, at the cost of a single network.

The teachers differ in their seed. Each is asked about every window twice, as it is and in a mirror, and the mean of all
answers becomes a second truth beside what happened: the student's mean path is drawn to both. Its modes and sigma learn
from what happened alone, because the mean of networks knows nothing of chance.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.contracts.types import F32, F64
from edge.contracts.windows import TrackWindow
from trainer.forecaster.augment import mirrored
from trainer.forecaster.loss import losses
from trainer.forecaster.measures import mixture_of
from trainer.forecaster.network import answers
from trainer.forecaster.samples import Samples
from trainer.forecaster.settings import ForecasterRecipe
from trainer.forecaster.training import Learnt, train_forecaster
from trainer.training.loop import Batch, LossOf, Progress

TEACHER = "teacher"  # folders of their runs, with a number behind


def train_ensemble(
    recipe: ForecasterRecipe,
    window: TrackWindow,
    train: Samples,
    validation: Samples,
    folder: Path,
    progress: Progress,
) -> Learnt:
    """As `train_forecaster`, with the teachers that the recipe asks for before; without any, just so."""
    teachers = []
    for number in range(1, recipe.ensemble.teachers + 1):
        own, before = other_seed(recipe, number), (number - 1) * recipe.training.steps
        run = folder / f"{TEACHER}{number}"
        teachers.append(train_forecaster(own, window, train, validation, run, _after(before, progress)).model)
    if not teachers:
        return train_forecaster(recipe, window, train, validation, folder, progress)
    before = len(teachers) * recipe.training.steps
    return distil(teachers, recipe, window, train, validation, folder, _after(before, progress))


def distil(
    teachers: Sequence[Any],
    recipe: ForecasterRecipe,
    window: TrackWindow,
    train: Samples,
    validation: Samples,
    folder: Path,
    progress: Progress,
) -> Learnt:
    """Train one network on what happened and on what the teachers think. Sigma is yet to be calibrated.

    Args:
        teachers: trained networks of the same window, at least one.
        recipe: all settings; `ensemble.share` says how much the teachers count.
        window: what all of them take and answer.
        train: to learn from.
        validation: chooses the best weights; empty = the last ones.
        folder: of the student's run.
        progress: told the losses every few steps.
    """
    both = taught(teachers, train, window)
    loss = _loss_of(recipe)
    return train_forecaster(recipe, window, both, validation, folder, progress, loss)


def taught(teachers: Sequence[Any], train: Samples, window: TrackWindow) -> Samples:
    """Windows whose K horizons come twice: what happened, and what the teachers think; unknown are the same."""
    mean = np.mean([ensemble_path(teacher, train, window) for teacher in teachers], axis=0)
    departure = np.concatenate([train.departure, mean.astype(np.float32)], axis=1)
    return Samples(train.x, departure, np.concatenate([train.unit, train.unit], axis=1))


def ensemble_path(model: Any, given: Samples, window: TrackWindow) -> F64:
    """(n, K, 2) a network's mean path of windows, half of it from looking in a mirror."""
    aside: F32 = mirrored(given, window, 1.0, np.random.default_rng(0)).x
    return (_path(model, given.x) + _path(model, aside) * (1.0, -1.0)) / 2


def other_seed(recipe: ForecasterRecipe, number: int) -> ForecasterRecipe:
    """Of a teacher."""
    training = recipe.training.model_copy(update={"seed": recipe.training.seed + number})
    return recipe.model_copy(update={"training": training})


def total_steps(recipe: ForecasterRecipe) -> int:
    """Of all networks together, as `train_ensemble` tells its progress."""
    return recipe.training.steps * (recipe.ensemble.teachers + 1)


def _path(model: Any, x: F32) -> F64:
    return mixture_of(answers(model, x)).point()


def _loss_of(recipe: ForecasterRecipe) -> LossOf:
    """Of batches of `taught`."""
    settings, share = recipe.loss, recipe.ensemble.share

    def loss(model: Any, batch: Batch) -> dict[str, Any]:
        x, target, unit = batch
        k = unit.shape[1] // 2
        outputs = model(x, training=True)
        told = losses(outputs, target[:, :k], unit[:, :k], settings)
        apart = losses(outputs, target[:, k:], unit[:, k:], settings)["distance"]
        total = told["total"] + settings.distance * share * (apart - told["distance"])
        return {**told, "total": total, "apart": apart}

    return loss


def _after(before: int, progress: Progress) -> Progress:
    """Steps counted from the first network's first."""
    return lambda step, told: progress(before + step, told)
