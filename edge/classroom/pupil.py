"""A second stage that knows what was taught."""

from collections.abc import Mapping

from edge.classify.embedder import Embedder
from edge.classroom.recent import School
from edge.contracts.types import F32, U8, SubLabel, Tracks
from edge.pipeline import Classifier


class Pupil:
    """A second stage that calls a track by what was taught where that is sure, else what the stage before calls it.

    Args:
        camera: whose tracks these are.
        before: goes first, and has the embedder look.
        embedder: makes vectors of each track.
        school: of all cameras.
    """

    def __init__(self, camera: str, before: Classifier, embedder: Embedder, school: School) -> None:
        self._camera, self._before, self._embedder, self._school = camera, before, embedder, school
        self._known: dict[int, tuple[F32, int, SubLabel | None]] = {}  # looks and version that it was found with

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The best answer of the stage before, by track id, also where it was not good enough to be given."""
        return self._before.closest

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """The names known so far, by track id."""
        named = self._before.step(pixels, tracks, t_s)
        looks, school = self._embedder.looks, self._school
        for track in looks.keys() - self._known.keys():
            school.teacher.seen(school.recent.lesson(self._camera, track), looks[track][0])
        school.recent.put(self._camera, looks)
        self._known = {track: self._found(track, vectors) for track, vectors in looks.items()}
        return {**named, **{track: found for track, (_, _, found) in self._known.items() if found}}

    def _found(self, track: int, looks: F32) -> tuple[F32, int, SubLabel | None]:
        known, teacher = self._known.get(track), self._school.teacher
        if known is not None and known[0] is looks and known[1] == teacher.version:
            return known
        return looks, teacher.version, teacher.look(looks)
