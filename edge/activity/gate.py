"""Whether the detector should look at a picture, and where: cheap pixel motion, and a heartbeat."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.activity.background import Background, Tolerance
from edge.activity.regions import regions
from edge.activity.sampling import Polygon, small_grey, stride, visible
from edge.activity.settings import ActivitySettings
from edge.contracts.types import U8, Activity


class ActivityGate:
    """The activity of one camera.

    The first picture is always due. While it calibrates (at start, and after the light or the whole view changed) it
    names no regions and only the heartbeat makes the detector look. Not thread-safe: one thread steps it.
    """

    def __init__(self, settings: ActivitySettings, motion_mask: Sequence[Polygon] | U8 | None) -> None:
        self._settings = settings
        self._motion_mask = motion_mask
        self._shape: tuple[int, ...] = ()
        self._scene: Background | None = None
        self._counts: U8 = np.zeros((0, 0), np.uint8)
        self._counted_px = 0
        self._calibrated_s = 0.0
        self._due_s = 0.0

    def step(self, pixels: U8, t_s: float) -> Activity:
        """Look at the next picture.

        Args:
            pixels: (h, w, 3) BGR; another size than before starts anew.
            t_s: when it was taken, in seconds; does not go back.
        """
        grey = small_grey(pixels, stride(pixels.shape[1], pixels.shape[0]))
        scene = self._scene
        if scene is None or self._shape != pixels.shape:
            return self._start(grey, pixels.shape, t_s)
        changed = scene.changed(grey)
        scene.learn(grey, t_s, None)
        changed = cv2.bitwise_and(changed, self._counts)
        count = cv2.countNonZero(changed)
        if count > self._settings.whole_picture * self._counted_px:
            return self._start(grey, pixels.shape, t_s)
        if t_s < self._calibrated_s or not scene.ready:
            return self._activity(np.zeros((0, 4), np.float32), t_s, calibrating=True)
        least_px = self._settings.smallest * changed.size
        if count < least_px:
            return self._activity(np.zeros((0, 4), np.float32), t_s, calibrating=False)
        return self._activity(regions(changed, least_px, self._settings.padding), t_s, calibrating=False)

    def _start(self, grey: U8, shape: tuple[int, ...], t_s: float) -> Activity:
        """Begin anew with this picture; the detector should see it."""
        if self._shape != shape:
            self._counts = visible(self._motion_mask, grey.shape)
            self._counted_px = cv2.countNonZero(self._counts)
        self._shape = shape
        limits = self._settings
        self._scene = Background(grey, t_s, Tolerance(limits.memory_s, limits.contrast, limits.noise_factor))
        self._calibrated_s = t_s + limits.calibrate_s
        self._due_s = t_s
        return self._activity(np.zeros((0, 4), np.float32), t_s, calibrating=True)

    def _activity(self, region: np.ndarray, t_s: float, *, calibrating: bool) -> Activity:
        """The answer, with the heartbeat counted from the last time that the detector was to look."""
        due = len(region) > 0 or t_s >= self._due_s
        if due:
            self._due_s = t_s + self._settings.heartbeat_s
        return Activity(region, calibrating, due)
