"""A classifier from samples: everything between the settings and the trained network on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F32
from trainer.classifier.balance import class_weights
from trainer.classifier.batches import ClassifierBatches, Plan
from trainer.classifier.choosing import class_counts
from trainer.classifier.network import LOGITS, PROBABILITIES, classifier, finished
from trainer.classifier.scoring import Scorer
from trainer.classifier.settings import ClassifierRecipe
from trainer.classifier.sureness import UNKNOWN, Sureness, sureness
from trainer.data.dataset import Dataset
from trainer.data.pixels import Pixels
from trainer.detector.detecting import normalised
from trainer.detector.training import Run
from trainer.inheriting import inherit
from trainer.networks import save_network
from trainer.trained import Trained, is_run
from trainer.training.devices import Devices
from trainer.training.loop import Batch, LossOf, Progress, Result, Trainer
from trainer.training.precision import computed_in

VALIDATIONS = 10  # over the whole training


def train_classifier(
    recipe: ClassifierRecipe, train: Dataset, validation: Dataset, run: Run, progress: Progress
) -> tuple[Trained, Result, Sureness]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network, its scores calibrated.

    Args:
        recipe: all settings.
        train: samples to learn from, all readable.
        validation: samples to choose weights and temperature by; empty = the last weights, not calibrated.
        run: where and on what.
        progress: told the losses every few steps.

    Raises:
        TrainError: the weights do not fit, the loss is no number any more, the disk is full, ...
    """
    keras.utils.set_random_seed(recipe.training.seed)
    architecture = recipe.network.architecture(len(train.labels))
    devices, scorer = Devices.present(run.devices), Scorer(architecture.input_px, validation)
    every = max(1, recipe.training.steps // VALIDATIONS) if len(validation) else 0
    with computed_in(run.precision), devices.scope():
        model = classifier(architecture, recipe.weights)
        if is_run(recipe.weights):
            inherit(model, Path(recipe.weights), train.labels)
        trainer = Trainer(
            model,
            loss_of(class_weights(class_counts(train), recipe.training.balance), recipe.training.label_smoothing),
            recipe.training.schedule(every, run.patience if every else 0),
            run.folder,
            devices=devices,
            score_of=scorer.score if every else None,
        )
    result = trainer.run(batches(recipe, train), progress)
    plain = classifier(architecture)  # computes in float32, whatever training did
    plain.set_weights(model.get_weights())
    sure = sureness(scorer.logits(plain)[:, None], scorer.truth) if every else UNKNOWN
    trained = Trained(run.folder, Task.CLASSIFIER, run.name, train.labels, architecture.input_px, fake_quantised=False)
    save_network(finished(plain, sure.temperature), trained)
    return trained, result, sure


def batches(recipe: ClassifierRecipe, train: Dataset) -> ClassifierBatches:
    """What each step learns from."""
    settings, change = recipe.training, recipe.augmentation
    plan = Plan(recipe.network.input_px, settings.batch, change.change(), change.erased, settings.seed)
    return ClassifierBatches(train, Pixels(recipe.network.input_px), plan)


def loss_of(weight: F32, smoothing: float) -> LossOf:
    """What is to become small, of a model and a batch of `ClassifierBatches`; `weight` (C,) of each class."""
    classes = len(weight)

    def losses(model: Any, batch: Batch) -> dict[str, Any]:
        pictures, label = batch
        logits = _logits(model(normalised(pictures), training=True))
        target = tf.one_hot(label, classes) * (1 - smoothing) + smoothing / classes
        each = tf.nn.softmax_cross_entropy_with_logits(target, logits)
        counts = tf.gather(tf.constant(weight), label)
        right = tf.cast(tf.argmax(logits, axis=1) == label, tf.float32)
        return {"total": tf.reduce_mean(each * counts), "right": tf.reduce_mean(right)}

    return losses


def _logits(outputs: Mapping[str, Any]) -> Any:
    """(B, C) of a network in training, or of a finished one, up to what softmax does not see."""
    if LOGITS in outputs:
        return tf.cast(outputs[LOGITS], tf.float32)
    return tf.math.log(tf.maximum(outputs[PROBABILITIES], 1e-7))
