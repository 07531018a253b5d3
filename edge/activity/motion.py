"""The detector that needs no model: boxes around what differs from the empty scene, all labelled `moving`.

Unlike the gate, which compares with the last second, it learns only where nothing is, so that slow objects stay whole
and objects that stop stay found until they have stood for `absorb_s`. What an object leaves behind when it drives off
is recognised by its outline and forgotten at once.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.activity.background import Background, Tolerance
from edge.activity.blobs import Blobs, blobs, fractions, is_ghost, most, window, without_shadow
from edge.activity.sampling import Polygon, small_colour, stride, visible
from edge.activity.settings import MotionSettings
from edge.contracts.types import F32, U8, Detections, Frame

LABELS: tuple[str, ...] = ("moving",)
_WIDER = np.ones((5, 5), np.uint8)
_STILL = 8  # of 255: a pixel that changes less between two pictures stands still
_STANDS = 0.95  # share of a blob's pixels that stand still where nothing moves


class MotionDetector:
    """One camera's detector of moving objects. Not thread-safe: one thread calls it."""

    labels = LABELS

    def __init__(self, settings: MotionSettings, motion_mask: Sequence[Polygon] | U8 | None) -> None:
        """Nothing is known yet; the first picture is taken for the empty scene.

        Args:
            settings: thresholds and times.
            motion_mask: where motion is ignored: polygons in frame fractions or a raster; None = nowhere.
        """
        self._settings = settings
        self._motion_mask = motion_mask
        self._shape: tuple[int, ...] = ()
        self._scene: Background | None = None
        self._counts: U8 = np.zeros((0, 0), np.uint8)
        self._before: U8 = self._counts
        self._stood_s: F32 = np.zeros((0, 0), np.float32)
        self._t_s = 0.0

    def detect(self, frame: Frame, look: F32) -> Detections:
        """Boxes around everything that is not the empty scene.

        Args:
            frame: later than the one before; another size than before starts anew.
            look: (R, 4) places that deserve a closer look; not needed here.
        """
        pixels, t_s = frame.pixels, frame.t_s
        step = stride(pixels.shape[1], pixels.shape[0])
        small = small_colour(pixels, step)
        scene = self._scene
        if scene is None or self._shape != pixels.shape:
            return self._start(small, pixels.shape, t_s)
        changed = cv2.bitwise_and(most(scene.changed(small)), self._counts)
        if cv2.countNonZero(changed) > self._settings.largest * changed.size:
            return self._start(small, pixels.shape, t_s)
        found = blobs(without_shadow(changed, small, scene.expected), self._settings.smallest * changed.size)
        seen = self._objects(found, small, scene)
        scene.learn(small, t_s, cv2.bitwise_not(cv2.dilate(changed, _WIDER)))
        self._absorb(changed, small, scene, t_s)
        return _detections(seen, step, pixels.shape)

    def _start(self, small: U8, shape: tuple[int, ...], t_s: float) -> Detections:
        """Take this picture for the empty scene."""
        limits = self._settings
        self._shape, self._before, self._t_s = shape, small, t_s
        self._counts = visible(self._motion_mask, small.shape[:2])
        self._scene = Background(small, t_s, Tolerance(limits.memory_s, limits.contrast, limits.noise_factor))
        self._stood_s = np.zeros(small.shape[:2], np.float32)
        return Detections.empty()

    def _objects(self, found: Blobs, small: U8, scene: Background) -> list[tuple[list[int], float]]:
        """Rectangle (left, top, width, height) and score of every blob that is an object; ghosts are absorbed."""
        objects = []
        grey, expected = small[..., 1], scene.expected[..., 1]
        for row, rectangle in enumerate(found.rectangle):
            there = window(rectangle, margin=2)
            inside = found.label[there] == row + 1
            stands = (most(cv2.absdiff(small[there], self._before[there])) < _STILL)[inside].mean() > _STANDS
            if stands and is_ghost(inside, grey[there], expected[there]):
                where = np.zeros(grey.shape, np.uint8)
                where[there] = cv2.dilate(inside.astype(np.uint8), _WIDER)
                scene.absorb(small, where)
                continue
            contrast = float(cv2.absdiff(small[there], scene.expected[there])[inside].max(axis=1).mean())
            score = 0.5 + 0.5 * min(contrast / (5 * self._settings.contrast), 1.0)
            objects.append((rectangle.tolist(), score))
        return objects

    def _absorb(self, changed: U8, small: U8, scene: Background, t_s: float) -> None:
        """Count for how long changed pixels have stood still; those that stood long enough belong to the scene."""
        still = most(cv2.absdiff(small, self._before)) < _STILL
        self._stood_s = np.where((changed > 0) & still, self._stood_s + np.float32(t_s - self._t_s), np.float32(0))
        stood = self._stood_s > self._settings.absorb_s
        if stood.any():
            scene.absorb(small, stood.astype(np.uint8))
        self._before, self._t_s = small, t_s


def _detections(seen: list[tuple[list[int], float]], step: int, shape: tuple[int, ...]) -> Detections:
    """The objects as a detector gives them."""
    rectangle = np.array([corners for corners, _ in seen], np.int64).reshape(-1, 4)
    score = np.array([score for _, score in seen], np.float32)
    return Detections(fractions(rectangle, step, shape[1], shape[0]), score, np.zeros(len(seen), np.int64))
