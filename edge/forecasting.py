"""Where tracked objects will be: the seam that any forecaster fills, and the one that is always there."""

from typing import Protocol, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from edge.contracts import boxes
from edge.contracts.types import F32, Forecasts, Tracks

LONGEST_S = 600.0


class ForecastSettings(BaseModel, extra="forbid", frozen=True):
    """How far ahead to look, and how soon to stop trusting a straight line."""

    horizons_s: tuple[float, ...] = Field(
        (0.5, 1.0, 2.0, 3.0), min_length=1, max_length=16, description="seconds ahead, ascending"
    )
    process_noise: float = Field(
        0.15,
        ge=0,
        le=100,
        description="unforeseen change of velocity within one second, one standard deviation, in box sizes per second",
    )
    max_sigma: float = Field(
        0.5, gt=0, le=10, description="limit of the standard deviation of the centre, frame fractions"
    )
    growth_memory_s: float = Field(
        0.5, gt=0, le=3600, description="how long a box goes on growing or shrinking, seconds"
    )
    max_growth: float = Field(
        2.0, ge=1, le=100, description="a forecast box is at most so many times larger or smaller"
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        given = list(self.horizons_s)
        if given != sorted(set(given)) or not 0 < given[0] <= given[-1] <= LONGEST_S:
            raise ValueError(f"horizons_s must be above 0, ascending, at most {LONGEST_S:g}; got {given}")
        return self


class Forecaster(Protocol):
    """Says where objects will be from what is known of them now. Must not write into the tracks."""

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Forecasts with the rows of `tracks`, in their order; coasting tracks start from their predicted box."""
        ...


class ConstantVelocity:
    """Objects keep their velocity; boxes stop growing after a while and never turn inside out.

    The centre follows the discretised white-noise acceleration model (Bar-Shalom, Li, Kirubarajan, "Estimation with
    Applications to Tracking and Navigation", 2001, section 6.2): `sigma(t)² = sigma² + (velocity_sigma t)² + q t³/3`,
    position and velocity errors taken as independent. `q` is `(process_noise · box size)²`, the size being the root
    of the box's area: an object far away strays by fewer fractions of the frame than one nearby.

    Width and height follow `size · exp(g · m (1 - exp(-t/m)))`: growth at the relative rate `g` that is seen now,
    fading with the memory `m`, as trends are damped in exponential smoothing (Gardner and McKenzie, 1985).
    """

    def __init__(self, settings: ForecastSettings) -> None:
        t = np.array(settings.horizons_s, np.float32)
        memory = np.float32(settings.growth_memory_s)
        self._horizon_s = t
        self._growth_s = memory * (1 - np.exp(-t / memory))
        self._stray = np.float32(settings.process_noise**2) * t**3 / 3
        self._max_sigma = np.float32(settings.max_sigma)
        self._max_log_growth = np.float32(np.log(settings.max_growth))

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Boxes and their uncertainty at each horizon."""
        size = np.maximum(boxes.size(tracks.box), np.float32(1e-6))
        return Forecasts(tracks.id, self._horizon_s, self._boxes(tracks, size), self._sigma(tracks, size))

    def _boxes(self, tracks: Tracks, size: F32) -> F32:
        """Boxes (T, K, 4)."""
        middle = boxes.centre(tracks.box)[:, None] + boxes.centre(tracks.velocity)[:, None] * self._horizon_s[:, None]
        growth = (boxes.size(tracks.velocity) / size)[:, None] * self._growth_s[:, None]
        np.minimum(growth, self._max_log_growth, out=growth)
        np.maximum(growth, -self._max_log_growth, out=growth)
        half = np.exp(growth, out=growth) * (size * np.float32(0.5))[:, None]
        return np.concatenate([middle - half, middle + half], axis=-1)

    def _sigma(self, tracks: Tracks, size: F32) -> F32:
        """Standard deviations (T, K) of the centre."""
        variance = (tracks.velocity_sigma[:, None] * self._horizon_s) ** 2
        variance += (tracks.sigma * tracks.sigma)[:, None]
        variance += (size[:, 0] * size[:, 1])[:, None] * self._stray
        return np.minimum(np.sqrt(variance, out=variance), self._max_sigma)
