"""The four functions of a model file that learns, as `edge.contracts.trainable` has them.

All that changes stands in two flat variables: what is learnt, and the optimiser's state.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.trainable import (
    GET_WEIGHTS,
    INFER,
    LOSS,
    OPTIMIZER,
    RATE,
    SET_WEIGHTS,
    TRAIN,
    WEIGHTS,
)
from trainer.trainable.gradients import built_in
from trainer.trainable.losses import loss_of
from trainer.trainable.optimizers import METHODS, clipped
from trainer.trainable.pupil import Pupil, Shape
from trainer.trainable.settings import TrainableSettings
from trainer.trainable.sums import joined

SIGNATURES = (INFER, TRAIN, GET_WEIGHTS, SET_WEIGHTS)
NOTHING, DONE = "nothing", "done"  # a signature without input or output cannot be converted, or calibrated


class Learning(tf.Module):  # type: ignore[misc] # TensorFlow comes without types
    """A network, its loss and its optimiser."""

    def __init__(self, pupil: Pupil, settings: TrainableSettings) -> None:
        super().__init__()
        self._pupil, self._settings = pupil, settings
        self._loss, self._method = loss_of(pupil.head, settings.paths), METHODS[settings.optimizer]
        self.state_size = self._method.size(pupil.size)
        self.weights = tf.Variable(pupil.flat(), name=WEIGHTS)
        self.state = tf.Variable(np.zeros(self.state_size, np.float32), name=OPTIMIZER)

    def signatures(self) -> dict[str, Any]:
        """The functions by name, for a SavedModel."""
        pupil, batch = self._pupil, self._settings.batch
        targets = {name: (batch, *shape) for name, shape in pupil.targets.items()}
        sizes = {WEIGHTS: (pupil.size,), OPTIMIZER: (self.state_size,)}
        return {
            INFER: _function(self.infer, dict([pupil.given])),
            TRAIN: _function(self.train, {**targets, RATE: (1,)}),
            GET_WEIGHTS: _function(self.get_weights, {NOTHING: (1,)}),
            SET_WEIGHTS: _function(self.set_weights, sizes),
        }

    def infer(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the network says now."""
        (values,) = given.values()
        outputs = self._pupil.serve(self._parts(self.weights.read_value()), values)
        return {name: tf.identity(outputs[name]) for name in self._pupil.outputs}

    def train(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """One step; the loss before it."""
        weights, state = self.weights.read_value(), self.state.read_value()
        loss, gradient = self.gradient(weights, given)
        stepped, moved = self._method.step(weights, state, clipped(gradient, self._settings.clip), given[RATE])
        self.weights.assign(stepped)
        self.state.assign(moved)
        return {LOSS: tf.reshape(loss, [1])}

    def gradient(self, weights: Any, given: Mapping[str, Any]) -> tuple[Any, Any]:
        """The loss at these weights (N,), and its gradient (N,)."""
        names = list(self._pupil.targets)
        loss, gradient = joined(self._differentiated, [weights, *(given[name] for name in names)])
        return loss, gradient

    def _differentiated(self, weights: Any, *values: Any) -> tuple[Any, Any]:
        parts = self._parts(weights)
        with built_in():
            outputs = self._pupil.learn(parts, values[0])
            loss = self._loss(outputs, dict(zip(self._pupil.targets, values, strict=True)))
        found = tf.gradients(loss, parts, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return loss, tf.concat([tf.reshape(one, [-1]) for one in found], 0)

    def get_weights(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All that changes."""
        del given
        return {WEIGHTS: self.weights.read_value(), OPTIMIZER: self.state.read_value()}

    def set_weights(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Go on from these."""
        self.weights.assign(given[WEIGHTS])
        self.state.assign(given[OPTIMIZER])
        return {DONE: given[WEIGHTS][:1] * 0.0}

    def _parts(self, weights: Any) -> Sequence[Any]:
        first = self._pupil.first
        cut = tf.split(weights, [one.size for one in first])
        return [tf.reshape(part, one.shape) for part, one in zip(cut, first, strict=True)]


def _function(call: Callable[[Mapping[str, Any]], dict[str, Any]], shapes: Mapping[str, Shape]) -> Any:
    """A TensorFlow function of arguments with these names."""
    specs = {name: tf.TensorSpec(shape, tf.float32, name=name) for name, shape in shapes.items()}
    return tf.function(lambda **given: call(given)).get_concrete_function(**specs)
