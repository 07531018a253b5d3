"""The camera of the street: a pinhole with its picture plane upright, so that upright things stay upright.

World: metres, x to the right, y up, z away from the camera; the camera stands at (aside_m, eye_m, 0).
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

NEAREST_M = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """A picture of `width` x `height` pixels."""

    width: int
    height: int
    eye_m: float = 6.0  # how high the camera hangs
    aside_m: float = 0.0  # how far to the right of the street's middle
    zoom: float = 0.78  # focal length in widths of the picture
    horizon: float = 0.28  # height of the horizon in heights of the picture, from the top; negative = above it

    @property
    def focal_px(self) -> float:
        """Focal length."""
        return self.zoom * self.width

    @property
    def horizon_px(self) -> float:
        """The row of points that are infinitely far away."""
        return self.horizon * self.height

    def project(self, points: F64) -> F64:
        """Pixel positions (..., 2) of world points (..., 3)."""
        z = np.maximum(points[..., 2], NEAREST_M)
        u = self.width / 2 + self.focal_px * (points[..., 0] - self.aside_m) / z
        v = self.horizon_px + self.focal_px * (self.eye_m - points[..., 1]) / z
        return np.stack([u, v], axis=-1)

    def per_metre(self, z: float) -> float:
        """Pixels per metre at the distance `z`."""
        return self.focal_px / max(z, NEAREST_M)

    def half_width_m(self, z: float) -> float:
        """How far to the side the picture reaches at the distance `z`."""
        return self.width / 2 / self.per_metre(z)

    def nearest_m(self) -> float:
        """Distance of the ground at the lower edge of the picture."""
        return self.focal_px * self.eye_m / max(self.height - self.horizon_px, 1.0)
