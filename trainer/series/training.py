"""A forecaster from windows: everything between the settings and the trained network on disk."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F32, F64, I64
from edge.contracts.windows import SeriesWindow
from trainer.detector.training import Run
from trainer.sequences.networks import save_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.batches import WindowBatches
from trainer.series.division import Divided
from trainer.series.learning import Lesson, learnt
from trainer.series.network import LOG_SIGMA, MEAN, forecaster
from trainer.series.scoring import INSIDE
from trainer.series.settings import SeriesRecipe
from trainer.series.windows import Windows, some
from trainer.training.loop import Batch, Progress, Result

AT_ONCE = 512  # windows of a prediction
MOST = 4096  # windows that choose weights
WIDEST = 7.0  # of log sigma in the loss


def train_forecaster(
    recipe: SeriesRecipe, windows: Windows, divided: Divided, window: SeriesWindow, run: Run, progress: Progress
) -> tuple[SequenceTrained, Result]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network, its sigma calibrated.

    Args:
        recipe: all settings.
        windows: the series in the units of the network.
        divided: origins to learn from, and to choose weights and sigma by.
        window: what the network takes.
        run: where and on what.
        progress: told the losses every few steps.

    Raises:
        TrainError: the loss is no number any more, the disk is full, ...
    """
    chooses = some(divided.validation, MOST)
    lesson = Lesson(
        lambda: forecaster(window, recipe.network),
        losses,
        WindowBatches(
            divided.train, lambda origin: followed(windows, origin), recipe.training.batch, recipe.training.seed
        ),
        recipe.training.plan(),
        lambda now: -validation_loss(now, windows, chooses),
    )
    model, result = learnt(lesson, run, progress)
    calibrate(model, windows, chooses)
    trained = SequenceTrained(run.folder, Task.SERIES, run.name, (), window)
    save_sequence(model, trained)
    return trained, result


def followed(windows: Windows, origin: I64) -> tuple[F32, F32, F32]:
    """What forecasts are learnt from: past (B, S, C), future (B, K, C) and how much of it counts (B, K, C)."""
    future, known = windows.future(origin)
    return windows.past(origin), future, known.astype(np.float32)


def losses(model: Any, batch: Batch) -> dict[str, Any]:
    """What is to become small, of a model and a batch of `SeriesBatches`."""
    past, future, counts = batch
    return forecast_losses(model(past, training=True), future, counts)


def forecast_losses(said: Mapping[str, Any], future: Any, counts: Any) -> dict[str, Any]:
    """The squared error of the mean, and the Gaussian likelihood of sigma around it.

    The mean is not told of sigma: else it gives up where sigma is large (Seitzer et al., "On the pitfalls of
    heteroscedastic uncertainty estimation", 2022; this is their beta = 1).

    Args:
        said: the network's outputs, of B windows.
        future: (B, K, C) what came.
        counts: (B, K, C) how much each counts, 0 where it is not known.
    """
    squared, likelihood = _terms(said, future)
    weight = counts / tf.maximum(tf.reduce_sum(counts), 1.0)
    mse, nll = tf.reduce_sum(squared * weight), tf.reduce_sum(likelihood * weight)
    return {"total": mse + 0.1 * nll, "mse": mse, "nll": nll}


def _terms(said: Any, future: Any) -> tuple[Any, Any]:
    squared = tf.square(tf.cast(said[MEAN], tf.float32) - future)
    log_sigma = tf.clip_by_value(tf.cast(said[LOG_SIGMA], tf.float32), -WIDEST, WIDEST)
    return squared, 0.5 * tf.stop_gradient(squared) * tf.exp(-2.0 * log_sigma) + log_sigma


def validation_loss(model: Any, windows: Windows, origin: I64) -> float:
    """The squared error of the mean."""
    mean, _ = predicted(model, windows, origin)
    future, known = windows.future(origin)
    return float(np.mean(((mean - future) ** 2)[known])) if known.any() else 0.0


def predicted(model: Any, windows: Windows, origin: I64) -> tuple[F32, F32]:
    """Mean (n, K, C) and log sigma (n, K, C) of the Keras model."""
    means, sigmas = [], []
    for begin in range(0, len(origin), AT_ONCE):
        said = model(windows.past(origin[begin : begin + AT_ONCE]), training=False)
        means.append(np.asarray(said[MEAN], np.float32))
        sigmas.append(np.asarray(said[LOG_SIGMA], np.float32))
    return np.concatenate(means), np.concatenate(sigmas)


def calibrate(model: Any, windows: Windows, origin: I64) -> None:
    """Shift sigma by horizon and channel until as many truths lie within one of it as of a normal distribution."""
    mean, log_sigma = predicted(model, windows, origin)
    future, known = windows.future(origin)
    off = np.abs(mean - future) / np.exp(np.clip(log_sigma, -WIDEST, WIDEST))
    shift = np.log(np.maximum(_quantile(off.astype(np.float64), known), 1e-6))
    layer = model.get_layer("calibration")
    layer.shift.assign(layer.shift + shift.astype(np.float32))


def _quantile(off: F64, known: Any) -> F64:
    hidden = np.where(known, off, np.nan)
    enough = known.sum(axis=0) >= 20
    found = np.nanquantile(np.where(enough, hidden, 1.0), INSIDE, axis=0)
    return np.where(enough, found, 1.0)
