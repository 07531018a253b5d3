"""A recurrent network that is not trained: its states tell what came lately, at several speeds."""

from typing import ClassVar

import numpy as np

from edge.contracts.types import F64

RADIUS = 0.9  # spectral radius: below 1, what came long ago fades
LINKS = 8  # of a neuron to others, on average
SLOWEST = 0.05  # share of its state that the slowest neuron renews in a step


class Reservoir:
    """Leaky-integrator echo-state network (Jaeger, "The echo state approach to analysing and training recurrent
    neural networks", GMD report 148, 2001): `s <- (1 - a) s + a tanh(W s + V z)`, neurons of different speeds `a`.

    Args:
        channels: C.
        neurons: N.
        seed: the same seed gives the same network, everywhere.
    """  # noqa: D205

    KEPT: ClassVar[tuple[str, ...]] = ("state",)

    def __init__(self, channels: int, neurons: int, seed: int) -> None:
        chance = np.random.default_rng(seed)
        links = chance.uniform(-1, 1, (neurons, neurons)) * (chance.random((neurons, neurons)) < LINKS / neurons)
        radius = float(np.abs(np.linalg.eigvals(links)).max())
        self._links = links * (RADIUS / max(radius, 1e-3))
        self._inputs = chance.uniform(-1, 1, (neurons, channels)) / np.sqrt(channels)
        self._bias = chance.uniform(-0.2, 0.2, neurons)
        self._renewed = np.geomspace(1.0, SLOWEST, neurons)
        self.state: F64 = np.zeros(neurons)

    def advance(self, scaled: F64) -> F64:
        """The state (N,) in -1..1 after scaled values (C,)."""
        driven = np.tanh(self._links @ self.state + self._inputs @ scaled + self._bias)
        self.state = self.state + self._renewed * (driven - self.state)
        return self.state

    def reset(self) -> None:
        """Forget what came."""
        self.state = np.zeros_like(self.state)
