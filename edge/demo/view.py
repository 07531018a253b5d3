"""The camera of the street: a pinhole with its picture plane upright, so that upright things stay upright.

World: metres, x to the right, y up, z away from the camera; the camera stands at (0, EYE_M, 0).
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

EYE_M = 6.0
NEAREST_M = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """A picture of `width` x `height` pixels."""

    width: int
    height: int

    @property
    def focal_px(self) -> float:
        """Focal length."""
        return 0.78 * self.width

    @property
    def horizon_px(self) -> float:
        """The row of points that are infinitely far away."""
        return 0.28 * self.height

    def project(self, points: F64) -> F64:
        """Pixel positions (..., 2) of world points (..., 3)."""
        z = np.maximum(points[..., 2], NEAREST_M)
        u = self.width / 2 + self.focal_px * points[..., 0] / z
        v = self.horizon_px + self.focal_px * (EYE_M - points[..., 1]) / z
        return np.stack([u, v], axis=-1)

    def per_metre(self, z: float) -> float:
        """Pixels per metre at the distance `z`."""
        return self.focal_px / max(z, NEAREST_M)

    def half_width_m(self, z: float) -> float:
        """How far to the side the picture reaches at the distance `z`."""
        return self.width / 2 / self.per_metre(z)
