"""The rendered street as cameras see it that hang elsewhere: moved, zoomed, turned, on the other side, mirrored."""

from dataclasses import dataclass, replace

import numpy as np

from edge.demo.routes import Journey
from edge.demo.view import View
from trainer.data.scenery.look import ROAD_Z
from trainer.recorded.scene import Scene, Unit
from trainer.recorded.street import SIZE, filmed


@dataclass(frozen=True, slots=True)
class Camera:
    """Where it hangs; the defaults are the demonstration's."""

    eye_m: float = 6.0
    aside_m: float = 0.0
    zoom: float = 0.78
    road: float = 0.696  # height of the road's middle in the picture, from the top
    turned: float = 0.0  # degrees by which it goes around the road's middle; 180: it hangs on the other side
    mirrored: bool = False  # left and right: traffic keeps to the other side

    @property
    def view(self) -> View:
        """How it projects."""
        horizon = self.road - self.zoom * SIZE[0] * self.eye_m / ROAD_Z / SIZE[1]
        return View(*SIZE, eye_m=self.eye_m, aside_m=self.aside_m, zoom=self.zoom, horizon=horizon)

    def stage(self, journey: Journey) -> Journey:
        """A journey in the world of this camera."""
        angle, middle = np.radians(self.turned), np.array([0.0, ROAD_Z])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        path = (journey.path * (-1.0 if self.mirrored else 1.0, 1.0) - middle) @ turn + middle
        return replace(journey, path=path)


def watched(seed: int, camera: Camera, seconds: float, fps: float) -> Scene:
    """A street that is filmed for so long; where its edges and houses would hide somebody is not looked at."""
    view = camera.view
    tracks = filmed(seed, view, np.arange(round(seconds * fps)) / fps, camera.stage)
    return Scene(f"street/{seed}", Unit.HEIGHTS, view.width / view.height, tracks)
