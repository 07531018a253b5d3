"""A classifier from recordings: everything between the settings and the trained network on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F32, F64, I64
from edge.contracts.windows import SoundWindow
from trainer.classifier.balance import class_weights
from trainer.classifier.sureness import UNKNOWN, Sureness, averaged, sureness
from trainer.detector.training import Run
from trainer.sequences.networks import save_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.classify.inputs import ClassWindow, measured, scaled_inputs, unmeasured, windows_of
from trainer.series.classify.mixing import mixed
from trainer.series.classify.motion_changes import changed
from trainer.series.classify.network import LOGITS, classifier, finished
from trainer.series.classify.recordings import Recordings
from trainer.series.classify.settings import ClassifyRecipe
from trainer.series.classify.sound_changes import Variants, drawn, masked
from trainer.series.learning import Lesson, learnt
from trainer.training.loop import Batch, LossOf, Progress, Result

VALIDATIONS = 10  # over the whole training
TIE = 1e-3  # how much being surer is worth against one more right answer of all


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Windows of a part as the network takes them."""

    inputs: F32  # (P, S, C)
    label: I64  # (P,)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is learnt from."""

    window: ClassWindow  # scaling measured
    variants: F32  # (V, P, longer, C), not scaled; of values V = 1, and as long as a window
    label: I64  # (P,)
    classes: int


def material(recordings: Recordings, recipe: ClassifyRecipe) -> Material:
    """Windows of the training part, and the scaling measured on them."""
    window, classes = unmeasured(recordings, recipe.window), len(recordings.labels)
    rows, owners = windows_of(recordings, window, recipe.window.overlap)
    if isinstance(window, SoundWindow):
        variants = Variants(window, recipe.sound).made(recordings, recipe.training.seed)
        return Material(measured(window, variants), variants, recordings.label, classes)
    return Material(measured(window, rows), rows[None], owners.label, classes)


def part_of(recordings: Recordings, window: ClassWindow, recipe: ClassifyRecipe) -> Part:
    """Unchanged windows of a part."""
    rows, owners = windows_of(recordings, window, recipe.window.overlap)
    return Part(scaled_inputs(rows, window), owners.label)


@dataclass(frozen=True, slots=True, eq=False)
class ClassifyBatches:
    """Which windows each step of training sees: `trainer.training.loop.Batches`."""

    material: Material
    recipe: ClassifyRecipe

    def since(self, step: int) -> Iterator[Batch]:
        """Windows (B, S, C) and shares of the classes (B, L) of this step and all later ones."""
        size, seed, count = self.recipe.training.batch, self.recipe.training.seed, len(self.material.label)
        while True:
            chance = np.random.default_rng((seed, step))
            order = np.random.default_rng((seed, step * size // count, 3)).permutation(count)
            again = np.random.default_rng((seed, step * size // count + 1, 3)).permutation(count)
            begin = step * size % count
            rows = np.resize(np.concatenate([order[begin:], again]), size)
            target = np.eye(self.material.classes, dtype=np.float32)[self.material.label[rows]]
            yield mixed(self._windows(rows, chance), target, self.recipe.mixing, chance)
            step += 1

    def _windows(self, rows: I64, chance: np.random.Generator) -> F32:
        window, variants = self.material.window, self.material.variants
        if isinstance(window, SoundWindow):
            chosen = scaled_inputs(drawn(variants, rows, window.frames, chance), window)
            return masked(chosen, self.recipe.sound, chance)
        return changed(scaled_inputs(variants[0, rows], window), self.recipe.motion, chance)


def train_classifier(
    recipe: ClassifyRecipe, train: Recordings, validation: Recordings | None, run: Run, progress: Progress
) -> tuple[SequenceTrained, Result, Sureness]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network, calibrated.

    Args:
        recipe: all settings.
        train: what is learnt from.
        validation: what chooses weights and temperature; None = the last weights, not calibrated.
        run: where and on what.
        progress: told the losses every few steps.

    Raises:
        TrainError: the loss is no number any more, the disk is full, ...
    """
    source = material(train, recipe)
    chooses = part_of(validation, source.window, recipe) if validation is not None else None
    weight = class_weights(np.bincount(source.label, minlength=source.classes), recipe.training.balance)
    every = max(1, recipe.training.steps // VALIDATIONS) if chooses is not None else 0
    lesson = Lesson(
        lambda: classifier(source.window, recipe.network, source.classes),
        loss_of(weight, recipe.training.label_smoothing),
        ClassifyBatches(source, recipe),
        recipe.training.schedule(every, 0),
        (lambda now: score(now, chooses)) if chooses is not None else None,
    )
    model, result = learnt(lesson, run, progress)
    sure = sureness(logits_of(model, chooses), chooses.label) if chooses is not None else UNKNOWN
    trained = SequenceTrained(run.folder, Task.SEQUENCE, run.name, train.labels, source.window)
    save_sequence(finished(model, sure.temperature, recipe.network.members), trained)
    return trained, result, sure


def loss_of(weight: F32, smoothing: float) -> LossOf:
    """What is to become small, of batches as `ClassifyBatches` gives them.

    Args:
        weight: (L,) how much each class counts.
        smoothing: share of a target that goes to all classes alike.
    """
    classes = len(weight)

    def losses(model: Any, batch: Batch) -> dict[str, Any]:
        windows, share = batch
        logits = tf.cast(model(windows, training=True)[LOGITS], tf.float32)  # (B, M, L)
        target = share * (1 - smoothing) + smoothing / classes
        surprise = -tf.reduce_sum(target[:, None] * tf.nn.log_softmax(logits), axis=2)  # (B, M)
        each = tf.reduce_mean(surprise, axis=1)
        counts = tf.linalg.matvec(share, tf.constant(weight))  # (B,)
        same = tf.argmax(tf.reduce_mean(logits, axis=1), axis=1) == tf.argmax(share, axis=1)
        return {"total": tf.reduce_mean(each * counts), "right": tf.reduce_mean(tf.cast(same, tf.float32))}

    return losses


def logits_of(model: Any, part: Part) -> F64:
    """(P, M, L) of a network in training."""
    pieces = [
        np.asarray(model(part.inputs[start : start + 64], training=False)[LOGITS], np.float64)
        for start in range(0, len(part.inputs), 64)
    ]
    return np.concatenate(pieces)


def score(model: Any, part: Part) -> float:
    """Accuracy 0..1; of equal ones, the surer is a little better."""
    found = averaged(logits_of(model, part))
    sure = found[np.arange(len(part.label)), part.label]
    return float((found.argmax(axis=1) == part.label).mean() + TIE * sure.mean())
