"""One turn of learning, whatever network of series learns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from trainer.detector.training import Run
from trainer.training.best import Score
from trainer.training.devices import Devices
from trainer.training.loop import Batches, LossOf, Progress, Result, Trainer
from trainer.training.precision import computed_in
from trainer.training.schedule import Schedule


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What is learnt."""

    built: Callable[[], Any]  # makes the Keras model
    losses: LossOf
    batches: Batches
    schedule: Schedule
    score_of: Score | None  # None = the last weights are the result


def learnt(lesson: Lesson, run: Run, progress: Progress) -> tuple[Any, Result]:
    """The trained model; an earlier run of the same folder is gone on with.

    Raises:
        TrainError: the loss is no number any more, the disk is full, ...
    """
    keras.utils.set_random_seed(lesson.schedule.seed)
    devices = Devices.present(run.devices)
    with computed_in(run.precision), devices.scope():
        model = lesson.built()
        trainer = Trainer(model, lesson.losses, lesson.schedule, run.folder, devices=devices, score_of=lesson.score_of)
    return model, trainer.run(lesson.batches, progress)
