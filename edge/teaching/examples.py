"""What was taught: looks, each with its name and the lesson that it came in."""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, I64


@dataclass(frozen=True, eq=False, slots=True)
class Examples:
    """N looks in the order in which they were taught. A lesson is one track, so its looks are much alike."""

    names: tuple[str, ...]  # K of them, in the order in which they were first taught
    vector: F32  # (N, D) of length 1
    label: I64  # (N,) indices of `names`
    lesson: tuple[str, ...]  # N of them

    @classmethod
    def none(cls, dimensions: int = 0) -> "Examples":
        """Nothing was taught."""
        return cls((), np.zeros((0, dimensions), np.float32), np.zeros(0, np.int64), ())

    def __len__(self) -> int:
        return len(self.label)

    def counts(self) -> tuple[int, ...]:
        """Looks of each name."""
        return tuple(np.bincount(self.label, minlength=len(self.names)).tolist())

    def rows(self, keep: I64) -> "Examples":
        """Those rows alone; names without any are gone."""
        left = sorted(set(self.label[keep].tolist()))
        place = {label: index for index, label in enumerate(left)}
        label = np.array([place[one] for one in self.label[keep].tolist()], np.int64)
        lesson = tuple(self.lesson[row] for row in keep.tolist())
        return Examples(tuple(self.names[one] for one in left), self.vector[keep], label, lesson)


def taught(before: Examples, name: str, lesson: str, vectors: F32, most: int) -> Examples:
    """With the looks (S, D) of a lesson under a name; what the same lesson said before is taken back.

    Args:
        before: what was taught so far.
        name: of the class; it may be new.
        lesson: where the looks come from.
        vectors: of length 1.
        most: looks of one name; beyond, the lesson with most of them loses its oldest.
    """
    kept = before.rows(np.array([row for row, one in enumerate(before.lesson) if one != lesson], np.int64))
    names = kept.names if name in kept.names else (*kept.names, name)
    label = names.index(name)
    vectors = vectors[:most]
    vector = np.concatenate([kept.vector.reshape(-1, vectors.shape[1]), vectors]).astype(np.float32)
    labels = np.concatenate([kept.label, np.full(len(vectors), label, np.int64)])
    found = Examples(names, vector, labels, (*kept.lesson, *[lesson] * len(vectors)))
    while found.counts()[label] > most:
        found = _without_one(found, label)
    return found


def forgotten(before: Examples, name: str) -> Examples:
    """Without a name; the same where nobody has taught it."""
    gone = before.names.index(name) if name in before.names else -1
    return before.rows(np.flatnonzero(before.label != gone))


def _without_one(examples: Examples, label: int) -> Examples:
    """Less the oldest look of the largest lesson of a name; of equally large ones, of the oldest."""
    rows = np.flatnonzero(examples.label == label).tolist()
    lessons = [examples.lesson[row] for row in rows]
    largest = max(lessons, key=lessons.count)
    gone = rows[lessons.index(largest)]
    return examples.rows(np.array([row for row in range(len(examples)) if row != gone], np.int64))
