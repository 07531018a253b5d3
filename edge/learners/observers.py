"""What the chains hand over to the learner: looks of tracks a few times a second, and readings."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edge.capture import Camera
from edge.learners.adaptive import AdaptiveModel
from edge.learners.handover import HandOver
from edge.learners.wire import pack_look, pack_reading
from edge.observer import Observer
from edge.pipeline import Followed
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed

EVERY_S = 0.24  # between looks: every second one of a camera at 8 fps


class Looks(Observer):
    """Of the cameras that learn. Between two looks their weights are switched: this is called on the chain's thread.

    Args:
        way: to the learner.
        subjects: number and model of each camera that learns, by its name.
    """

    def __init__(self, way: HandOver, subjects: Mapping[str, tuple[int, AdaptiveModel]]) -> None:
        self._way, self._subjects = way, subjects
        self._last_s: dict[str, float] = {}

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Hand over a look, if it is time."""
        subject = self._subjects.get(camera.name)
        if subject is None:
            return
        number, model = subject
        model.turn()
        frame = followed.sensed.frame
        passed_s = frame.t_s - self._last_s.get(camera.name, -math.inf)
        if followed.looked and not 0 <= passed_s < EVERY_S:
            self._last_s[camera.name] = frame.t_s
            height, width = frame.pixels.shape[:2]
            self._way.offer(pack_look(number, frame.t_s, frame.utc_ns, width / height, followed.tracks))


class Readings(SensorObserver):
    """Of the sensors that learn; their weights are switched between two samples.

    Args:
        way: to the learner.
        subjects: numbers and models of each sensor that learns, by its name: its forecaster, its scorer.
    """

    def __init__(self, way: HandOver, subjects: Mapping[str, Sequence[tuple[int, AdaptiveModel]]]) -> None:
        self._way, self._subjects = way, subjects

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Hand over a sample; one that was filled in as what was not read."""
        values = np.array(sensed.reading.values, np.float64)
        if sensed.bridged:
            values[:] = np.nan
        for number, model in self._subjects.get(sensor, ()):
            model.turn()
            self._way.offer(pack_reading(number, sensed.reading.utc_ns, values))
