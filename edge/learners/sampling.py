"""Samples out of what the chains hand over: of one camera, and of one sensor."""

import logging

import numpy as np

from edge.contracts import boxes
from edge.contracts.errors import ModelError
from edge.contracts.types import F64, ModelBundle
from edge.contracts.windows import SeriesWindow, TrackWindow
from edge.forecast.past import askable, past_of
from edge.learners.order import CameraTask, SensorTask, Task
from edge.learners.wire import unpack_look, unpack_reading
from edge.learning.moments import Look
from edge.learning.readings import SeriesSampler
from edge.learning.sample import Sample
from edge.learning.tracks import TrackSampler
from edge.series.grid import SECOND_NS, Grid

_log = logging.getLogger(__name__)


class CameraSampling:
    """Of one camera: looks in, samples of paths out."""

    def __init__(self, task: CameraTask, window: TrackWindow, run: str) -> None:
        self._sampler = TrackSampler(window, run)
        numbers = {label: number for number, label in enumerate(window.labels)}
        self._number = np.array([numbers.get(label, -1) for label in task.labels], np.int64)
        self._labels, self._step_s = task.labels, window.step_s

    def take(self, message: bytes) -> list[Sample]:
        """The samples that a look completes."""
        seen = unpack_look(message)
        tracks = seen.tracks
        axes = np.array([seen.aspect, 1.0])
        past = past_of(tracks, seen.aspect, self._number)
        newest = (boxes.centre(tracks.history[:, -1]) * axes).astype(np.float64)
        there = np.where(tracks.lost_s[:, None] == 0, newest, np.nan)
        kinds = [self._labels[label] for label in tracks.label.tolist()]
        utc_s = seen.utc_ns / SECOND_NS
        return self._sampler.look(Look(seen.t_s, utc_s, tracks.id, there, past, askable(past, self._step_s), kinds))


class SensorSampling:
    """Of one sensor: readings in, windows of its grid out."""

    def __init__(self, task: SensorTask, bundle: ModelBundle, window: SeriesWindow) -> None:
        self._channels = len(window.channels)
        self._grid = Grid(self._channels, round(window.step_s * SECOND_NS), task.gap_steps)
        self._sampler = SeriesSampler(bundle.head, window)

    def take(self, message: bytes) -> list[Sample]:
        """The samples that a reading completes."""
        seen = unpack_reading(message)
        if len(seen.values) != self._channels:
            return []
        found: list[Sample] = []
        for node in self._grid.add(seen.utc_ns, _finite(seen.values)):
            found += self._sampler.node(node.utc_ns / SECOND_NS, node.values, node.known, fresh=node.fresh)
        return found


Sampling = CameraSampling | SensorSampling


def sampling_of(task: Task, bundle: ModelBundle, run: str) -> Sampling:
    """What makes samples for a subject. Raises ModelError: none are known for such a model."""
    window = bundle.window
    if isinstance(task, CameraTask) and isinstance(window, TrackWindow):
        return CameraSampling(task, window, run)
    if isinstance(task, SensorTask) and isinstance(window, SeriesWindow):
        return SensorSampling(task, bundle, window)
    raise ModelError(f"{bundle.path}: is no model of what {task.name} tells")


def _finite(values: F64) -> F64:
    """Values that are no numbers, or too large to be squared, count as not read."""
    return np.where(np.abs(values) < 1e100, values, np.nan)
