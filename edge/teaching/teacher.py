"""Holds what was taught: lessons are added and taken back, looks are named, all outlives a restart."""

import threading
from typing import NamedTuple

import numpy as np

from edge.contracts.errors import MessageError
from edge.contracts.taught import TaughtReport
from edge.contracts.types import F32, SubLabel
from edge.teaching.examples import Examples, forgotten, taught
from edge.teaching.kept import Kept, packed, unpacked, usable
from edge.teaching.knowledge import know
from edge.teaching.others import Others
from edge.teaching.settings import TeachingSettings

TOLD = 10  # names, where one is unknown


class Changes(NamedTuple):
    """Both count up."""

    lessons: int  # that were given or taken back
    others: int


class Teacher:
    """Names by example, of vectors of one model. May be used on any thread.

    Args:
        settings: how much is kept, and when a name is sure.
        model: the sha256 of the model that makes the vectors.
    """

    def __init__(self, settings: TeachingSettings, model: str) -> None:
        self._settings, self.model = settings, model
        self._lock = threading.Lock()
        self._examples = Examples.none()
        self._others = Others(settings.others)
        self._knowledge = know(self._examples, np.zeros((0, 0), np.float32), settings.false_accepts, fine=False)
        self._learnt_at = 0  # `Others.seen` when it was learnt anew last
        self.version = 0  # counts up with whatever may change an answer
        self._lessons = 0

    @property
    def changes(self) -> Changes:
        """How much has come so far that is to be kept."""
        return Changes(self._lessons, self._others.seen)

    @property
    def report(self) -> TaughtReport:
        """What is known, and what it is worth."""
        return self._knowledge.report

    def look(self, vectors: F32) -> SubLabel | None:
        """What the thing of these looks (S, D) is called, where that is sure."""
        return self._knowledge.look(vectors)

    def seen(self, lesson: str, vector: F32) -> None:
        """Something came by that nobody has named (yet): a look (D,) at it, once."""
        if not usable(vector[None]) or not self._lock.acquire(blocking=False):
            return  # while it learns, whoever sees must not wait
        try:
            if self._fits(vector) and lesson not in self._examples.lesson:
                self._others.add(lesson, vector)
        finally:
            self._lock.release()

    def teach(self, name: str, lesson: str, vectors: F32) -> None:
        """These looks (S, D) of one lesson show what is called so. It is known at once, by imprinted weights.

        Raises:
            MessageError: there is no room for another name, or the looks are of no use.
        """
        with self._lock:
            if not (len(vectors) and usable(vectors) and self._fits(vectors[0])):
                raise MessageError("teach: the looks at it are of no use; try again when it is seen better")
            after = taught(self._examples, name, lesson, vectors, self._settings.examples)
            if len(after.names) > self._settings.classes:
                raise MessageError(f"teach: {self._settings.classes} names are the most; forget one first")
            self._others.drop(lesson)
            self._set(after)

    def forget(self, name: str) -> None:
        """Unlearn a name with all its looks.

        Raises:
            MessageError: there is none of it.
        """
        with self._lock:
            if name not in self._examples.names:
                known = ", ".join(sorted(self._examples.names)[:TOLD]) or "nothing yet"
                raise MessageError(f"teach: nothing is called {name[:20]!r}; taught were: {known}")
            self._set(forgotten(self._examples, name))

    def study(self) -> bool:
        """Learn anew, finely, where lessons or enough other things have come since; whether it did.

        Takes milliseconds for a few names of a few looks, many seconds for the most that may be configured.
        """
        with self._lock:
            fresh = self._others.seen - self._learnt_at >= max(len(self._others) // 4, 20)
            if not len(self._examples) or not (fresh or (self._settings.fine_tune and not self._knowledge.fine)):
                return False
            examples, others, at = self._examples, self._other_looks(), self._others.seen
        found = know(examples, others, self._settings.false_accepts, fine=self._settings.fine_tune)
        with self._lock:
            if self._examples is examples:  # else the next one does it
                self._knowledge, self._learnt_at = found, at
                self.version += 1
        return True

    def state(self) -> bytes:
        """All that is to be kept over a restart."""
        with self._lock:
            others = self._others
            kept = Kept(self._examples, tuple(others.lesson), self._other_looks(), others.seen)
        return packed(kept, self.model)

    def restore(self, data: bytes) -> None:
        """Go on where an earlier run stopped; finer weights come with the next `study`.

        Raises:
            ArraysError: it is damaged, of a newer form, or of another model; nothing is changed.
        """
        kept = unpacked(data, self.model)
        with self._lock:
            self._others.restore(kept.lessons, kept.others, kept.seen)
            self._set(kept.examples if len(kept.examples) else Examples.none(self._others.array(0).shape[1]))

    def _set(self, examples: Examples) -> None:
        self._examples = examples
        self._knowledge = know(examples, self._other_looks(), self._settings.false_accepts, fine=False)
        self._learnt_at = self._others.seen
        self.version += 1
        self._lessons += 1

    def _other_looks(self) -> F32:
        return self._others.array(self._dimensions)

    @property
    def _dimensions(self) -> int:
        """D, 0 while nothing is known."""
        return self._examples.vector.shape[1] or (len(self._others.vector[0]) if len(self._others) else 0)

    def _fits(self, vector: F32) -> bool:
        return self._dimensions in {0, len(vector)}
