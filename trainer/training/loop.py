"""The loop: batches in, better weights out; killed at any moment, the same command goes on and ends with the same."""

import csv
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import keras
import tensorflow as tf

from trainer.errors import TrainError
from trainer.training.checkpoint import Checkpoint
from trainer.training.schedule import Schedule

LOG_EVERY = 10
CURVES = "curves.csv"
Batch = tuple[Any, ...]  # tensors, the picture first
LossOf = Callable[[Any, Batch], dict[str, Any]]  # of a model and a batch: scalars, `total` among them
Progress = Callable[[int, dict[str, float]], None]


class Batches(Protocol):
    """Training data that knows which batch each step sees."""

    def since(self, step: int) -> Iterator[Batch]:
        """The batches of this step and all later ones, for ever."""


class Trainer:
    """Trains one Keras model.

    Args:
        model: trained in place; when `run` returns it has the averaged weights.
        loss_of: what is to become small.
        schedule: how long and how fast.
        folder: of the run: checkpoint and curves.
    """

    def __init__(self, model: Any, loss_of: LossOf, schedule: Schedule, folder: Path) -> None:
        self._model, self._loss_of, self._schedule, self._folder = model, loss_of, schedule, folder
        self._optimizer = keras.optimizers.AdamW(
            schedule.rate, weight_decay=schedule.decay, global_clipnorm=schedule.clip
        )
        self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self._optimizer.build(model.trainable_variables)
        self._averages = [tf.Variable(one.value, trainable=False) for one in model.trainable_variables]
        self._checkpoint = Checkpoint(folder)
        self._step = tf.function(self._stepped, reduce_retracing=True)

    def run(self, batches: Batches, progress: Progress) -> None:
        """Train to the end, from where an earlier run of the same folder stopped.

        Raises:
            TrainError: the loss is no number any more, or the disk is full.
        """
        begin = self._restore()
        source = batches.since(begin)
        for step in range(begin, self._schedule.steps):
            self._optimizer.learning_rate.assign(self._schedule.rate_at(step))
            losses = self._step(next(source), tf.constant(self._schedule.averaging_at(step), tf.float32))
            done = step + 1
            if done % LOG_EVERY == 0 or done == self._schedule.steps:
                self._tell(done, {name: float(value) for name, value in losses.items()}, progress)
            if done % self._schedule.save_every == 0 or done == self._schedule.steps:
                self._save(done)
        for variable, average in zip(self._model.trainable_variables, self._averages, strict=True):
            variable.assign(average)

    def _stepped(self, batch: Batch, keep: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            losses = self._loss_of(self._model, batch)
        variables = self._model.trainable_variables
        gradients = tape.gradient(losses["total"], [one.value for one in variables])
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        for variable, average in zip(variables, self._averages, strict=True):
            average.assign(keep * average + (1 - keep) * variable.value)
        return losses

    def _tell(self, step: int, losses: dict[str, float], progress: Progress) -> None:
        if not all(math.isfinite(value) for value in losses.values()):
            raise TrainError(
                f"the loss is no number any more at step {step}; try a lower rate (now {self._schedule.rate:g}) or a "
                "longer warm-up, or look for pictures that are not what they seem: `foresight-train data check`"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / CURVES
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "rate", *losses])
            rate = self._schedule.rate_at(step - 1)
            writer.writerow([step, f"{time.time():.1f}", f"{rate:.6g}", *(f"{value:.6g}" for value in losses.values())])
        progress(step, losses)

    def _groups(self) -> dict[str, list[Any]]:
        return {"model": self._model.variables, "optimizer": self._optimizer.variables, "averages": self._averages}

    def _save(self, step: int) -> None:
        self._checkpoint.save(step, {name: [one.numpy() for one in those] for name, those in self._groups().items()})

    def _restore(self) -> int:
        groups = self._groups()
        stored = self._checkpoint.load({name: [tuple(one.shape) for one in those] for name, those in groups.items()})
        if stored is None:
            return 0
        step, arrays = stored
        for name, those in groups.items():
            for variable, array in zip(those, arrays[name], strict=True):
                variable.assign(array)
        return step
