"""The best weights so far by a score on pictures that are not trained on, and when to stop looking for better ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Score = Callable[[Any], float]  # of a model: higher is better


class Best:
    """Keeps the weights of the best validation.

    Args:
        model: whose weights.
        patience: validations without a better one after which it is `over`; 0 = never.
    """

    def __init__(self, model: Any, patience: int) -> None:
        self._model, self._patience = model, patience
        self._score, self._since = -np.inf, 0
        self._weights: list[NDArray[Any]] = [variable.numpy() for variable in model.variables]

    @property
    def score(self) -> float:
        """The best so far; -inf before the first."""
        return float(self._score)

    @property
    def over(self) -> bool:
        """It has not become better for long."""
        return 0 < self._patience <= self._since

    def offer(self, score: float) -> None:
        """The model as it is now has this score."""
        if score > self._score:
            self._score, self._since = score, 0
            self._weights = [variable.numpy() for variable in self._model.variables]
        else:
            self._since += 1

    def put(self) -> None:
        """Give the model the best weights, where there was a validation."""
        if np.isfinite(self._score):
            for variable, value in zip(self._model.variables, self._weights, strict=True):
                variable.assign(value)

    def arrays(self) -> list[NDArray[Any]]:
        """All that a checkpoint must hold."""
        return [np.array([self._score, self._since], np.float64), *self._weights]

    def restore(self, arrays: list[NDArray[Any]]) -> None:
        """As `arrays` gave it."""
        self._score, self._since = float(arrays[0][0]), int(arrays[0][1])
        self._weights = list(arrays[1:])
