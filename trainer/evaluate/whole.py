"""A classifier seen as a detector of the whole picture, so that what scores detectors scores it too.

Every class with a score is a box over all of the picture; AP50 then is the average precision of the ranking by score.
"""

import numpy as np

from edge.contracts.decode_scores import class_scores
from edge.contracts.preprocess import WHOLE, Imaging, Preprocess
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, Detections, Frame
from edge.detection.settings import DetectionSettings


class WholePicture:
    """One classifier. The interface is that of `edge.detection.detector.Detector`."""

    def __init__(self, runtime: Runtime, settings: DetectionSettings, imaging: Imaging) -> None:
        self._runtime, self._settings = runtime, settings
        self._preprocess = Preprocess(runtime.bundle.input, imaging)

    @property
    def labels(self) -> tuple[str, ...]:
        """The table that `Detections.label` indexes, "" in holes."""
        return self._runtime.bundle.labels

    def detect(self, frame: Frame, look: F32) -> Detections:
        """The likeliest classes of the picture, best first.

        Raises:
            ModelError: the model failed, or has not as many classes as labels.
        """
        tensor, _ = self._preprocess(frame.pixels)
        scores = class_scores(self._runtime.invoke(tensor), self._runtime.bundle)
        order = np.argsort(-scores, kind="stable")[: self._settings.max_detections]
        best = order[scores[order] >= self._settings.min_score]
        return Detections(np.array([WHOLE] * len(best), np.float32).reshape(-1, 4), scores[best], best.astype(np.int64))
