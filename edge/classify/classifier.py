"""Sub-labels of tracks from a second-stage classifier."""

from collections.abc import Mapping

import numpy as np

from edge.classify.looks import Looks
from edge.classify.settings import ClassifySettings
from edge.contracts.decode_scores import class_scores
from edge.contracts.errors import ModelError
from edge.contracts.preprocess import Imaging
from edge.contracts.runtime import Runtime
from edge.contracts.types import U8, Head, SubLabel, Tracks

NOTHING = frozenset({"", "background"})  # classes that name nothing


class Classifier:
    """Names tracks by the median of a classifier's scores over their best crops."""

    def __init__(self, runtime: Runtime, settings: ClassifySettings, imaging: Imaging, labels: tuple[str, ...]) -> None:
        """`labels` is the detector's table, for `settings.track_labels`.

        Raises:
            ModelError: the model is no classifier.
        """
        if runtime.bundle.head is not Head.CLASSIFIER:
            raise ModelError(f"{runtime.bundle.path} is a {runtime.bundle.head}; the second stage takes a classifier")
        if not any(runtime.bundle.labels):
            raise ModelError(f"{runtime.bundle.path} has no labels inside; name a label file in the configuration")
        self._looks = Looks(runtime, settings, imaging, labels, class_scores)
        self._names = runtime.bundle.labels
        self._min_score = settings.min_score
        self._found: dict[int, SubLabel] = {}
        self._closest: dict[int, SubLabel] = {}

    @property
    def runs(self) -> int:
        """How often the model ran."""
        return self._looks.runs

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The best answer by track id, also where it was not good enough to be given."""
        return self._closest

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """Look at the tracks whose turn it is; the sub-labels known by track id. Tracks without one are absent.

        Args:
            pixels: (height, width, 3) BGR, of the frame in which the tracks were seen.
            tracks: T of them.
            t_s: the frame's time, seconds.

        Raises:
            ModelError: the model failed while running.
        """
        for track, scores in self._looks.step(pixels, tracks, t_s):
            median = np.median(scores, axis=0)
            best = int(median.argmax())
            self._found.pop(track, None)
            answer = self._closest[track] = SubLabel(self._names[best], float(median[best]))
            if answer.score >= self._min_score and answer.name not in NOTHING:
                self._found[track] = answer
        alive = set(tracks.id.tolist())
        self._found = {track: name for track, name in self._found.items() if track in alive}
        self._closest = {track: name for track, name in self._closest.items() if track in alive}
        return dict(self._found)
