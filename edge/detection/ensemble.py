"""Several detectors as one: their labels in one table, their findings merged."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F32, I64, Detections, Frame, Opinion
from edge.detection.detector import Detector
from edge.detection.merge import merge
from edge.detection.settings import DetectionSettings


class Ensemble:
    """Runs every detector on every picture. Equal names of several models become one label."""

    def __init__(self, detectors: Sequence[Detector], settings: DetectionSettings) -> None:
        self._detectors = tuple(detectors)
        self._settings = settings
        self._labels, self._tables = union([detector.labels for detector in self._detectors])
        self._knows = [np.unique(table[table >= 0]) for table in self._tables]
        self._opinions: tuple[Opinion, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all detectors, each name once, "" in holes."""
        return self._labels

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        """What each model found in the newest picture, before it was merged."""
        return self._opinions

    def detect(self, frame: Frame, look: F32) -> Detections:
        """What any of the detectors finds, each object once. See `Detector.detect`."""
        parts = []
        for detector, table in zip(self._detectors, self._tables, strict=True):
            found = detector.detect(frame, look)
            parts.append(Detections(found.box, found.score, table[found.label]))
        self._opinions = tuple(map(Opinion, parts, self._knows))
        return merge(parts, self._settings.nms_iou, self._settings.inside_share)[: self._settings.max_detections]


def union(labels: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], list[I64]]:
    """One table of all names, the first detector's as it is, and per detector where its labels are in it."""
    joined = list(labels[0]) if labels else []
    where = {name: index for index, name in reversed(list(enumerate(joined)))}
    for table in labels[1:]:
        for name in table:
            if name and name not in where:
                where[name] = len(joined)
                joined.append(name)
    places = [np.array([where.get(name, -1) for name in table], np.int64) for table in labels]
    return tuple(joined), places
