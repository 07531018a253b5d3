"""The steps that a sensor's samples go through, as seams: whoever fills them knows nothing of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edge.anomaly import Residual
from edge.contracts.types import F64, Reading, SeriesForecast


class Forecaster(Protocol):
    """Says what a sensor will read next, and learns."""

    def step(self, reading: Reading) -> SeriesForecast | None:
        """Take one sample, its values NaN where nothing was read; None while it is too early to tell."""

    def state(self) -> bytes:
        """What was learnt."""

    def restore(self, state: bytes, /) -> None:
        """Go on from it. Raises an EdgeError or ValueError where it is of no use."""


class Scorer(Protocol):
    """Says how odd a sample is."""

    def step(self, t_s: float, values: F64, forecast: Residual | None, /) -> float:
        """The score of a sample (C,), 0..1. Raises an EdgeError where it cannot be scored now."""

    def state(self) -> bytes:
        """What was learnt."""

    def restore(self, state: bytes, /) -> None:
        """Go on from it. Raises an EdgeError or ValueError where it is of no use."""


@runtime_checkable
class Lasting(Protocol):
    """A scorer that tells of each anomaly once, and can say how odd a sample is while one goes on."""

    @property
    def unmuted(self) -> float:
        """The score of the newest sample, 0..1, whether or not it was told."""


class NoForecaster:
    """Where nothing learns."""

    def step(self, reading: Reading) -> SeriesForecast | None:
        """Nothing is said."""
        return None

    def state(self) -> bytes:
        """Nothing is learnt."""
        return b""

    def restore(self, state: bytes, /) -> None:
        """Nothing is to go on from."""


@dataclass(frozen=True, slots=True)
class Makers:
    """Makes the steps of one sensor. `key` names all that what they learn depends on."""

    forecaster: Callable[[float], Forecaster]  # of the grid's step, seconds
    scorer: Callable[[], Scorer]
    step_s: float  # of the grid that a model demands, 0 = any
    key: str
