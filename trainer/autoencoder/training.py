"""An auto-encoder from windows: everything between the settings and the trained network on disk."""

from collections.abc import Mapping
from typing import Any

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
from trainer.series.batches import WindowBatches
from trainer.series.division import Divided
from trainer.series.learning import Lesson, learnt
from trainer.series.windows import Windows, some
from trainer.training.loop import Batch, Progress, Result

AT_ONCE, MOST = 512, 4096  # windows of a prediction, and that choose weights


def train_autoencoder(
    recipe: AutoencoderRecipe, windows: Windows, divided: Divided, window: SeriesWindow, run: Run, progress: Progress
) -> tuple[SequenceTrained, Result]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network.

    Raises:
        TrainError: the loss is no number any more, the disk is full, ...
    """
    chooses = some(divided.validation, MOST)
    lesson = Lesson(
        lambda: autoencoder(window, recipe.network),
        losses,
        WindowBatches(
            divided.train, lambda origin: (windows.past(origin),), recipe.training.batch, recipe.training.seed
        ),
        recipe.training.plan(),
        lambda now: -float(network_errors(now, windows, chooses).mean()),
    )
    model, result = learnt(lesson, run, progress)
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
