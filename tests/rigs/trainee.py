"""A model that learns, without a file and without TensorFlow: paths by a linear map, with real gradients."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.trainable import Optimizer, Trainable, Weights
from edge.contracts.types import F32, ModelBundle
from edge.contracts.windows import TrackWindow
from tests.rigs.trajectories import trajectory_bundle

WINDOW = TrackWindow(16, 4, 0.5, (0.5, 1.0, 2.0), 1, (), 0)
MOMENTUM = 0.9


def learning_bundle(window: TrackWindow = WINDOW, sha256: str = "a" * 64, batch: int = 16) -> ModelBundle:
    """As it would be read from a file."""
    plain = trajectory_bundle(window, sha256)
    count = _features(plain) * len(window.horizons_s) * 2
    return replace(plain, trainable=Trainable(batch, count, Optimizer.SGD, count, 0.01))


class LinearTrainee:
    """A `Trainee`: departures are a linear map of all that the network sees, zero at first: straight lines.

    The loss is the squared distance, counted by `known`; SGD with momentum.
    """

    name = "linear"
    delegate = "none"
    accelerator = NO_ACCELERATOR

    def __init__(self, bundle: ModelBundle | None = None) -> None:
        self.bundle = bundle or learning_bundle()
        assert self.bundle.trainable is not None
        self.trainable: Trainable = self.bundle.trainable
        window = self.bundle.window
        assert isinstance(window, TrackWindow)
        self._window = window
        self._numbers = np.zeros(self.trainable.weights, np.float32)
        self._speed = np.zeros(self.trainable.state, np.float32)
        self.steps = 0

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        assert tensor.shape == self.bundle.input.tensor.shape
        b, k = len(tensor), len(self._window.horizons_s)
        mean = self._answer(tensor)[:, None].astype(np.float32)
        return np.zeros((b, 1), np.float32), mean, np.full((b, 1, k), -3.0, np.float32)

    def train(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        x, target, known = batch["tracks"], batch["future"], batch["known"]
        assert len(x) == self.trainable.batch
        off = self._answer(x) - target
        count = max(float((known > 0).sum()), 1.0)
        loss = float((known * (off**2).sum(axis=2)).sum() / count)
        if not np.isfinite(loss):
            raise ModelError("the loss is no finite number")
        slope = (_seen(x).T @ (2 * known[..., None] * off / count).reshape(len(x), -1)).reshape(-1)
        length = float(np.linalg.norm(slope))
        self._speed = (MOMENTUM * self._speed + slope / max(length, 1.0)).astype(np.float32)
        self._numbers = (self._numbers - np.float32(rate) * self._speed).astype(np.float32)
        self.steps += 1
        return loss

    def weights(self) -> Weights:
        return Weights(self._numbers.copy(), self._speed.copy())

    def set_weights(self, weights: Weights) -> None:
        if weights.weights.shape != self._numbers.shape or weights.optimizer.shape != self._speed.shape:
            raise ModelError("weights of another size")
        if not (np.isfinite(weights.weights).all() and np.isfinite(weights.optimizer).all()):
            raise ModelError("weights that are no finite numbers")
        self._numbers, self._speed = weights.weights.copy(), weights.optimizer.copy()

    def _answer(self, x: F32) -> NDArray[Any]:
        k = len(self._window.horizons_s)
        return (_seen(x) @ self._numbers.reshape(-1, k * 2)).reshape(len(x), k, 2)


def _seen(x: F32) -> F32:
    """(B, S F + 1) everything, and a 1."""
    return np.concatenate([x.reshape(len(x), -1), np.ones((len(x), 1), np.float32)], axis=1)


def _features(bundle: ModelBundle) -> int:
    return int(np.prod(bundle.input.tensor.shape[1:])) + 1
