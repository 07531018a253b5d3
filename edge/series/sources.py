"""Where the learner's features come from: a recurrent state, and forecasts that are there without learning."""

from typing import ClassVar, Protocol

from edge.contracts.types import F64
from edge.series.reservoir import Reservoir


class Source(Protocol):
    """Something that remembers what came."""

    KEPT: ClassVar[tuple[str, ...]]
    width: int  # N numbers in its state
    forecasts: int  # Q forecasts that it makes itself

    def step(self, values: F64, scaled: F64) -> tuple[F64, F64]:
        """Take in values (C,), and the same in standard deviations.

        Returns:
            The state (N,), and forecasts (Q, K, C) in the units of the values.
        """

    def reset(self) -> None:
        """Forget what came."""


class ReservoirSource(Reservoir):
    """The fixed recurrent network, which forecasts nothing by itself."""

    forecasts = 0

    def __init__(self, channels: int, horizons: int, neurons: int, seed: int) -> None:
        super().__init__(channels, neurons, seed)
        self.width = neurons
        self._none = self.state.reshape(-1)[:0].reshape(0, horizons, channels)

    def step(self, values: F64, scaled: F64) -> tuple[F64, F64]:
        """See `Source.step`."""
        return self.advance(scaled), self._none
