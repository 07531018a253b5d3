"""The loop: batches in, better weights out; killed at any moment, the same command goes on and ends with the same."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from trainer.errors import TrainError
from trainer.training.averages import Averages
from trainer.training.best import Best, Score
from trainer.training.checkpoint import Checkpoint
from trainer.training.curves import LOSSES, VALIDATION, Curves
from trainer.training.devices import Devices
from trainer.training.optimizers import optimizer
from trainer.training.schedule import Schedule

LOG_EVERY = 10
Batch = tuple[Any, ...]  # tensors, the picture first
LossOf = Callable[[Any, Batch], dict[str, Any]]  # of a model and a batch: scalars, `total` among them
Progress = Callable[[int, dict[str, float]], None]


class Batches(Protocol):
    """Training data that knows which batch each step sees."""

    def since(self, step: int) -> Iterator[Batch]:
        """The batches of this step and all later ones, for ever."""


class Result(NamedTuple):
    """How training ended."""

    step: int  # the last one
    score: float  # the best validation's; -inf where there was none


class Trainer:
    """Trains one Keras model.

    Args:
        model: trained in place, made in the scope of `devices`; when `run` returns it has the averaged weights, the
            best of them where they are validated.
        loss_of: what is to become small.
        schedule: how long and how fast.
        folder: of the run: checkpoint and curves.
        devices: what computes; each batch is shared out among them.
        score_of: validates the averaged weights; None = the last weights are the result.

    Raises:
        TrainError: the devices cannot share a batch evenly.
    """

    def __init__(
        self,
        model: Any,
        loss_of: LossOf,
        schedule: Schedule,
        folder: Path,
        *,
        devices: Devices | None = None,
        score_of: Score | None = None,
    ) -> None:
        self._model, self._loss_of, self._schedule, self._folder = model, loss_of, schedule, folder
        self._devices, self._score_of = devices or Devices.present(1), score_of
        if schedule.batch % self._devices.count:
            raise TrainError(
                f"a batch of {schedule.batch} cannot be shared out evenly among {self._devices.count} devices; make it "
                "a multiple of them (--batch)"
            )
        with self._devices.scope():
            self._optimizer = optimizer(schedule)
            self._optimizer.build(model.trainable_variables)
            self._averages = Averages(model)
            self._failed_at = tf.Variable(-1, trainable=False, dtype=tf.int64)
        self._best = Best(model, schedule.patience)
        self._checkpoint = Checkpoint(folder)
        self._step = tf.function(self._stepped, reduce_retracing=True)

    def run(self, batches: Batches, progress: Progress) -> Result:
        """Train to the end, from where an earlier run of the same folder stopped.

        Raises:
            TrainError: the loss is no number any more, or the disk is full.
        """
        begin = self._restore()
        curves = Curves(self._folder, begin)
        try:
            step = self._trained(batches.since(begin), begin, curves, progress)
        finally:
            curves.close()
        self._averages.put()
        self._best.put()
        return Result(step, self._best.score)

    def _trained(self, source: Iterator[Batch], begin: int, curves: Curves, progress: Progress) -> int:
        """Steps until the end; the last one."""
        plan = self._schedule
        for step in range(begin, plan.steps):
            if self._best.over:
                return step
            self._optimizer.learning_rate = plan.rate_at(step)
            keep = tf.constant(plan.averaging_at(step), tf.float32)
            losses = self._step(next(source), keep, tf.constant(step + 1, tf.int64))
            done = step + 1
            last = done == plan.steps
            validates = plan.validate_every and (done % plan.validate_every == 0 or last)
            if done % LOG_EVERY == 0 or done % plan.save_every == 0 or validates or last:
                self._refuse_nonsense()  # before anything of it is scored or kept
            if done % LOG_EVERY == 0 or last:
                told = {name: float(value) for name, value in losses.items()}
                curves.add(LOSSES, done, {"rate": plan.rate_at(step), **told})
                progress(done, told)
            if validates:
                self._validate(done, curves)
            if done % plan.save_every == 0 or last or self._best.over:
                self._save(done)
        return plan.steps

    def _stepped(self, batch: Batch, keep: Any, number: Any) -> dict[str, Any]:
        losses = self._devices.run(self._replica_step, batch)
        self._averages.follow(keep)
        bad = ~tf.math.is_finite(losses["total"]) & (self._failed_at < 0)
        self._failed_at.assign(tf.where(bad, number, self._failed_at))
        return losses

    def _replica_step(self, batch: Batch) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            losses = self._loss_of(self._model, batch)
            scaled = self._optimizer.scale_loss(losses["total"] / self._devices.count)  # gradients are summed
        variables = self._model.trainable_variables
        gradients = tape.gradient(scaled, [one.value for one in variables])
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return losses

    def _refuse_nonsense(self) -> None:
        failed_at = int(self._failed_at.numpy())
        if failed_at >= 0:
            raise TrainError(
                f"the loss is no number any more at step {failed_at}; try a lower rate (now {self._schedule.rate:g}) "
                "or a longer warm-up, or look for pictures that are not what they seem: `foresight-train data check`"
            )

    def _validate(self, step: int, curves: Curves) -> None:
        if self._score_of is None:
            return
        with self._averages.lent():
            score = self._score_of(self._model)
            self._best.offer(score if math.isfinite(score) else -math.inf)
        curves.add(VALIDATION, step, {"score": score})

    def _groups(self) -> dict[str, list[Any]]:
        return {
            "model": self._model.variables,
            "optimizer": self._optimizer.variables,
            "averages": self._averages.variables,
        }

    def _save(self, step: int) -> None:
        groups = {name: [one.numpy() for one in those] for name, those in self._groups().items()}
        self._checkpoint.save(step, {**groups, "best": self._best.arrays()})

    def _restore(self) -> int:
        groups = self._groups()
        shapes = {name: [tuple(one.shape) for one in those] for name, those in groups.items()}
        stored = self._checkpoint.load({**shapes, "best": [one.shape for one in self._best.arrays()]})
        if stored is None:
            return 0
        step, arrays = stored
        for name, those in groups.items():
            for variable, array in zip(those, arrays[name], strict=True):
                variable.assign(array)
        self._best.restore(arrays["best"])
        return step
