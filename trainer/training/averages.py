"""Weights averaged over the last steps: they are better than any single step's, and are what is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf


class Averages:
    """Exponential moving averages of a model's trainable weights."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.variables = [tf.Variable(one.value, trainable=False) for one in model.trainable_variables]

    def follow(self, keep: Any) -> None:
        """Move towards the present weights; `keep` is what stays, 0..1."""
        for variable, average in zip(self._model.trainable_variables, self.variables, strict=True):
            average.assign(keep * average + (1 - keep) * tf.cast(variable.value, average.dtype))

    def put(self) -> None:
        """Make them the model's weights."""
        for variable, average in zip(self._model.trainable_variables, self.variables, strict=True):
            variable.assign(average)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """The model has them for a while, then its own weights again."""
        own = [variable.numpy() for variable in self._model.trainable_variables]
        self.put()
        try:
            yield
        finally:
            for variable, value in zip(self._model.trainable_variables, own, strict=True):
                variable.assign(value)
