"""A model that finds objects, and what every detector offers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge.contracts.boxes import clip
from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.preprocess import WHOLE, Imaging, Preprocess, Region
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, U8, Detections, Frame
from edge.detection.crops import CropPlan, plan_crops, turn_of
from edge.detection.merge import cut_off, merge
from edge.detection.settings import DetectionSettings


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a model ran since it was loaded."""

    full: int
    crops: int


class Detector(Protocol):
    """Finds objects in pictures. Not thread-safe."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The table that `Detections.label` indexes, "" in holes."""

    def detect(self, frame: Frame, look: F32) -> Detections:
        """Find objects.

        Args:
            frame: the picture, not written to.
            look: (R, 4) regions in frame fractions that deserve a closer look: activity, forecasts. May be empty.

        Returns:
            Boxes in frame fractions, best score first.

        Raises:
            ModelError: the model failed while running, or gave what its head cannot give.
        """


class ModelDetector:
    """One model: a look at the whole frame, then, within the budget, closer looks at active regions."""

    def __init__(self, runtime: Runtime, settings: DetectionSettings, imaging: Imaging) -> None:
        self._runtime, self._settings, self._imaging = runtime, settings, imaging
        self._fit()
        self._full = 0
        self._crops = 0
        self._turn = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The table that `Detections.label` indexes, "" in holes."""
        return self._runtime.bundle.labels

    @property
    def calls(self) -> Calls:
        """How often the model ran."""
        return Calls(self._full, self._crops)

    def detect(self, frame: Frame, look: F32) -> Detections:
        """Find objects: exactly one run on the whole frame, at most `max_crops` on crops. See `Detector.detect`."""
        pixels = frame.pixels
        if self._runtime.bundle is not self._fitted:  # models are switched between two frames
            self._fit()
        whole, _ = self._look(pixels, WHOLE)
        self._full += 1
        windows = self._windows(pixels, look)
        if len(windows) == 0:
            return whole
        parts = [whole]
        for window in windows:
            found, seen = self._look(pixels, _region(window))
            self._crops += 1
            parts.append(found[~cut_off(found.box, seen)])
        return merge(parts, self._settings.nms_iou, self._settings.inside_share)[: self._settings.max_detections]

    def _fit(self) -> None:
        """Make what belongs to the model that serves."""
        settings, bundle = self._settings, self._runtime.bundle
        self._preprocess = Preprocess(bundle.input, self._imaging)
        limits = DecodeLimits(settings.min_score, settings.nms_iou, settings.max_detections)
        self._decode, self._fitted = decoder(bundle, limits), bundle

    def _look(self, pixels: U8, region: Region) -> tuple[Detections, Region]:
        """What one run finds, boxes in frame fractions, and the part of the frame that it saw."""
        tensor, placement = self._preprocess(pixels, region)
        found = self._decode(self._runtime.invoke(tensor))
        if len(found) == 0:
            return found, placement.region
        return Detections(clip(placement.to_frame(found.box)), found.score, found.label), placement.region

    def _windows(self, pixels: U8, look: F32) -> F32:
        if self._settings.max_crops == 0 or len(look) == 0:
            return look[:0]
        plan = CropPlan(
            frame=(pixels.shape[1], pixels.shape[0]),
            model=(self._preprocess.width, self._preprocess.height),
            margin=self._settings.crop_margin,
            zoom=self._settings.crop_zoom,
            min_gain=self._settings.min_gain,
        )
        self._turn += 1
        return turn_of(plan_crops(look, plan), self._settings.max_crops, self._turn)


def _region(window: F32) -> Region:
    x1, y1, x2, y2 = np.clip(window, 0, 1).tolist()
    return x1, y1, x2, y2
