"""What a model makes small where it runs: what its trainer made small, of the rows that are known.

Letters as in `edge.contracts.trainable`, whose `TARGETS` names what each loss is given beside the model's outputs.
Nothing is left out by chance, as dropout does in training: that has no place in a model file.
"""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from edge.contracts.types import Head
from trainer.autoencoder.training import reconstruction_loss
from trainer.forecaster.loss import losses as path_losses
from trainer.forecaster.settings import ForecasterLoss
from trainer.series.training import forecast_losses

Outputs = Mapping[str, Any]
Targets = Mapping[str, Any]
Loss = Callable[[Outputs, Targets], Any]  # a scalar


def loss_of(head: Head, paths: ForecasterLoss) -> Loss:
    """The loss of a kind of model; `paths` is what counts how much in that of paths."""
    return {
        Head.TRAJECTORY: lambda outputs, targets: _trajectory(outputs, targets, paths),
        Head.SERIES: _series,
        Head.AUTOENCODER: _autoencoder,
        Head.CLASSIFIER: _classifier,
    }[head]


def _trajectory(outputs: Outputs, targets: Targets, settings: ForecasterLoss) -> Any:
    """`known` may be more than 1: what a number is worth at each horizon."""
    return path_losses(outputs, targets["future"], targets["known"], settings)["total"]


def _series(outputs: Outputs, targets: Targets) -> Any:
    return forecast_losses(outputs, targets["future"], targets["known"])["total"]


def _autoencoder(outputs: Outputs, targets: Targets) -> Any:
    return reconstruction_loss(outputs, targets["window"], targets["known"])


def _classifier(outputs: Outputs, targets: Targets) -> Any:
    """Cross entropy with the shares of the classes, by the logits."""
    each = -tf.reduce_sum(targets["target"] * tf.nn.log_softmax(outputs["logits"]), axis=1)
    return tf.reduce_sum(each * targets["known"]) / tf.maximum(tf.reduce_sum(targets["known"]), 1.0)
