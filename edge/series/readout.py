"""The part that learns: a linear read-out, by recursive least squares with forgetting."""

from typing import ClassVar

import numpy as np

from edge.contracts.types import F64

LEAK_EVERY = 64  # steps


class ReadOut:
    """One linear map per horizon, all from the same features, learnt with one gain per step.

    Least squares with exponential forgetting and a standing ridge, in the information form: of
    `R <- (1 - f) R + x x' + f r I` no eigenvalue ever falls below the ridge `r`, however little the features tell,
    so nothing can wind up, and rounding cannot turn it indefinite as it can the inverse (Haykin, "Adaptive Filter
    Theory", on exponentially weighted RLS; Ljung and Söderström, 1983, on regularised forgetting). The gain
    `R^-1 x` of a step is kept by the caller and used when the horizon's truth is there: each horizon then runs the
    exact recursion, in its own time. The ridge pulls weights to nothing (every `LEAK_EVERY` steps).

    Args:
        features: D.
        horizons: K.
        channels: C.
        ridge: r.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("weight", "information", "owed")

    def __init__(self, features: int, horizons: int, channels: int, ridge: float) -> None:
        self._ridge = ridge
        self.weight: F64 = np.zeros((horizons, features, channels))
        self.information: F64 = ridge * np.eye(features)
        self.owed: F64 = np.zeros(2)  # steps and forgetting since the last leak

    def gain(self, features: F64, forgetting: float) -> F64:
        """Take in features (D,); their gain (D,).

        Args:
            features: bounded numbers.
            forgetting: share of the past that is forgotten in this step, 0..1.
        """
        self.information *= 1.0 - forgetting
        self.information += features[:, None] * features
        self.information.flat[:: len(features) + 1] += forgetting * self._ridge
        self.owed += (1.0, forgetting)
        if self.owed[0] >= LEAK_EVERY:
            self._leak(min(1.0, float(self.owed[1])))
        return np.asarray(np.linalg.solve(self.information, features), np.float64)

    def learn(self, gain: F64, error: F64) -> None:
        """Move each horizon's weights by its gain (K, D) and error (K, C), truth minus `read` of that gain's time."""
        self.weight += gain[:, :, None] * error[:, None, :]

    def read(self, features: F64) -> F64:
        """(K, C) from features (D,), or from one row of features for each horizon (K, D)."""
        if features.ndim == 1:
            return np.asarray(features @ self.weight)
        return np.asarray((features[:, None, :] @ self.weight)[:, 0])

    def _leak(self, forgotten: float) -> None:
        horizons, features, channels = self.weight.shape
        flat = self.weight.transpose(1, 0, 2).reshape(features, -1)
        pulled = np.linalg.solve(self.information, flat) * (forgotten * self._ridge)
        self.weight -= pulled.reshape(features, horizons, channels).transpose(1, 0, 2)
        self.owed[:] = 0.0
