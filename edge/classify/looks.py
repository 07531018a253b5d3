"""The second model on the crops of tracks: vectors per track, gathered within a budget."""

from collections.abc import Callable, Iterator

import numpy as np

from edge.classify.samples import Samples, crops_of
from edge.classify.settings import ClassifySettings
from edge.contracts.decode_common import Outputs
from edge.contracts.preprocess import Imaging, Preprocess
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, U8, ModelBundle, Tracks

Read = Callable[[Outputs, ModelBundle], F32]


class Looks:
    """Runs a model on the best crops; `read` makes a vector of its outputs."""

    def __init__(
        self, runtime: Runtime, settings: ClassifySettings, imaging: Imaging, labels: tuple[str, ...], read: Read
    ) -> None:
        self._runtime, self._imaging = runtime, imaging
        self._settings = settings
        self._fit()
        self._read = read
        self._samples = Samples(settings)
        self._wanted = np.array([not settings.track_labels or name in settings.track_labels for name in labels], bool)
        self.runs = 0

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Iterator[tuple[int, F32]]:
        """Each track that was looked at now and has enough looks, with its vectors (S, C), best crop first."""
        if self._runtime.bundle is not self._fitted:  # models are switched between two frames
            self._fit()
        self._samples.forget(set(tracks.id.tolist()))
        box, usable, quality = crops_of(tracks, (pixels.shape[1], pixels.shape[0]), self._settings)
        for row in self._samples.choose(tracks, usable & self._wanted[tracks.label], quality, t_s):
            x1, y1, x2, y2 = box[row].tolist()
            tensor, _ = self._preprocess(pixels, (x1, y1, x2, y2))
            vector = self._read(self._runtime.invoke(tensor), self._runtime.bundle)
            self.runs += 1
            vectors = self._samples.add(int(tracks.id[row]), float(quality[row]), vector)
            if vectors is not None:
                yield int(tracks.id[row]), vectors

    def _fit(self) -> None:
        """Make what belongs to the model that serves."""
        self._fitted = self._runtime.bundle
        self._preprocess = Preprocess(self._fitted.input, self._imaging)
