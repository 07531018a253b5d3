"""Feature vectors of tracks from a second-stage embedding model."""

from collections.abc import Mapping

import numpy as np

from edge.classify.looks import Looks
from edge.classify.settings import ClassifySettings
from edge.contracts.decode_scores import embedding
from edge.contracts.errors import ModelError
from edge.contracts.preprocess import Imaging
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, U8, Head, ModelBundle, Tracks


def refuse_no_vectors(bundle: ModelBundle) -> None:
    """Raises ModelError: the model gives no vectors."""
    if bundle.head is not Head.EMBEDDING:
        raise ModelError(f"{bundle.path} is a {bundle.head}; an embedding model is needed")


class Embedder:
    """Describes tracks by the mean direction of their best crops' vectors."""

    def __init__(self, runtime: Runtime, settings: ClassifySettings, imaging: Imaging, labels: tuple[str, ...]) -> None:
        """`labels` is the detector's table, for `settings.track_labels`.

        Raises:
            ModelError: the model gives no vectors.
        """
        refuse_no_vectors(runtime.bundle)
        self._looks = Looks(runtime, settings, imaging, labels, embedding)
        self._found: dict[int, F32] = {}
        self._seen: dict[int, F32] = {}

    @property
    def runs(self) -> int:
        """How often the model ran."""
        return self._looks.runs

    @property
    def looks(self) -> Mapping[int, F32]:
        """The vectors (S, D) of the best crops of each track, best first, as of the last step; never written into."""
        return self._seen

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, F32]:
        """Look at the tracks whose turn it is; the vectors (D,) of length 1 known by track id.

        See `Classifier.step` for the arguments.
        """
        for track, vectors in self._looks.step(pixels, tracks, t_s):
            self._seen[track] = vectors
            mean = vectors.mean(axis=0)
            self._found[track] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        alive = set(tracks.id.tolist())
        self._found = {track: vector for track, vector in self._found.items() if track in alive}
        self._seen = {track: vectors for track, vectors in self._seen.items() if track in alive}
        return dict(self._found)
