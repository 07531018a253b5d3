"""An auto-encoder from windows: everything between the settings and the trained network on disk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F64, I64
from edge.contracts.windows import SeriesWindow
from trainer.autoencoder.network import RECONSTRUCTION, autoencoder
from trainer.autoencoder.settings import AutoencoderRecipe
from trainer.detector.training import Run
from trainer.sequences.networks import save_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.division import Divided
from trainer.series.windows import Windows, some
from trainer.training.devices import Devices
from trainer.training.loop import Batch, Progress, Result, Trainer
from trainer.training.precision import computed_in

AT_ONCE, MOST = 512, 4096  # windows of a prediction, and that choose weights


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatches:
    """Which windows each step of training sees: `trainer.training.loop.Batches`."""

    windows: Windows
    origin: I64
    batch: int
    seed: int

    def since(self, step: int) -> Iterator[Batch]:
        """Windows (B, S, C) of this step and all later ones."""
        while True:
            chance = np.random.default_rng((self.seed, step))
            yield (self.windows.past(self.origin[chance.integers(0, len(self.origin), self.batch)]),)
            step += 1


def train_autoencoder(
    recipe: AutoencoderRecipe, windows: Windows, divided: Divided, window: SeriesWindow, run: Run, progress: Progress
) -> tuple[SequenceTrained, Result]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network.

    Raises:
        TrainError: the loss is no number any more, the disk is full, ...
    """
    keras.utils.set_random_seed(recipe.training.seed)
    devices, chooses = Devices.present(run.devices), some(divided.validation, MOST)
    with computed_in(run.precision), devices.scope():
        model = autoencoder(window, recipe.network)
        trainer = Trainer(
            model,
            losses,
            recipe.training.schedule(),
            run.folder,
            devices=devices,
            score_of=lambda now: -float(network_errors(now, windows, chooses).mean()),
        )
    result = trainer.run(WindowBatches(windows, divided.train, recipe.training.batch, recipe.training.seed), progress)
    trained = SequenceTrained(run.folder, Task.AUTOENCODER, run.name, (), window)
    save_sequence(model, trained)
    return trained, result


def losses(model: Any, batch: Batch) -> dict[str, Any]:
    """What is to become small, of a model and a batch of `WindowBatches`."""
    (past,) = batch
    return {"total": reconstruction_loss(model(past, training=True), past, tf.ones(tf.shape(past)[:2]))}


def reconstruction_loss(said: Mapping[str, Any], past: Any, known: Any) -> Any:
    """The squared error of the reconstruction.

    Args:
        said: the network's outputs, of B windows.
        past: (B, S, C) what they were given.
        known: (B, S) how much each sample counts.
    """
    squared = tf.reduce_mean(tf.square(tf.cast(said[RECONSTRUCTION], tf.float32) - past), axis=2)
    return tf.reduce_sum(squared * known) / tf.maximum(tf.reduce_sum(known), 1.0)


def network_errors(model: Any, windows: Windows, origin: I64) -> F64:
    """(n,) mean squared error of each window, by the Keras model."""
    found = []
    for begin in range(0, len(origin), AT_ONCE):
        past = windows.past(origin[begin : begin + AT_ONCE])
        back = np.asarray(model(past, training=False)[RECONSTRUCTION], np.float64)
        found.append(((back - past) ** 2).mean(axis=(1, 2)))
    return np.concatenate(found)
