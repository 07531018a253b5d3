"""A trajectory network from samples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.contracts.windows import TrackWindow
from trainer.errors import TrainError
from trainer.forecaster.augment import mirrored, turned
from trainer.forecaster.loss import losses
from trainer.forecaster.measures import measure
from trainer.forecaster.network import answers, forecaster
from trainer.forecaster.samples import Samples
from trainer.forecaster.settings import ForecasterLoss, ForecasterRecipe, ForecasterTraining
from trainer.training.loop import Batch, LossOf, Progress, Result, Trainer

VALIDATIONS = 20  # over the whole training


class Learnt(NamedTuple):
    """What training ends with."""

    model: Any  # for any number of tracks; `network.frozen_batch` makes the one that is exported
    result: Result  # its score is the negative mean distance on validation


class TrackBatches:
    """Windows in an order of chance, changed by chance: step n is the same however often training was stopped."""

    def __init__(self, train: Samples, window: TrackWindow, settings: ForecasterTraining) -> None:
        self._train, self._window, self._settings = train, window, settings

    def since(self, step: int) -> Iterator[Batch]:
        """Batches of `x`, `departure` and `unit`, for ever."""
        while True:
            random = np.random.default_rng((self._settings.seed, step))
            rows = random.integers(0, len(self._train), self._settings.batch)
            chosen = self._train[rows]
            chosen = mirrored(chosen, self._window, self._settings.mirrored, random)
            if self._settings.turned:
                chosen = turned(chosen, self._settings.turned, random)
            yield tf.constant(chosen.x), tf.constant(chosen.departure), tf.constant(chosen.unit)
            step += 1


def train_forecaster(
    recipe: ForecasterRecipe,
    window: TrackWindow,
    train: Samples,
    validation: Samples,
    folder: Path,
    progress: Progress,
    loss: LossOf | None = None,
) -> Learnt:
    """Train, or go on where an earlier run of the same folder stopped.

    Args:
        recipe: all settings.
        window: what the network takes and answers.
        train: to learn from.
        validation: chooses the best weights by mean distance; empty = the last weights are the result.
        folder: of the run: checkpoint and curves.
        progress: told the losses every few steps.
        loss: of a model and a batch of `train`; None = what the recipe says.

    Raises:
        TrainError: nothing to learn from, the loss is no number any more, or the disk is full.
    """
    if not len(train):
        raise TrainError("there is no window to learn from: the tracks are shorter than the longest horizon")
    keras.utils.set_random_seed(recipe.training.seed)
    model = forecaster(recipe.network, window)
    every = max(1, recipe.training.steps // VALIDATIONS) if len(validation) else 0

    def score_of(scored: Any) -> float:
        return -measure(answers(scored, validation.x), validation).ade

    small = loss or loss_of(recipe.loss)
    trainer = Trainer(model, small, recipe.training.schedule(every), folder, score_of=score_of if every else None)
    return Learnt(model, trainer.run(TrackBatches(train, window, recipe.training), progress))


def loss_of(settings: ForecasterLoss) -> LossOf:
    """What is to become small, of a model and a batch of `TrackBatches`."""

    def loss(model: Any, batch: Batch) -> dict[str, Any]:
        x, target, unit = batch
        return losses(model(x, training=True), target, unit, settings)

    return loss
