"""The forecaster that is always there: things go straight on."""

import numpy as np

from edge.contracts import boxes
from edge.contracts.types import F32, Forecasts, Tracks
from edge.forecast.settings import ForecastSettings


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
        return Forecasts.single(tracks.id, self._horizon_s, self._boxes(tracks, size), self._sigma(tracks, size))

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
